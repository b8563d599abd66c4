"""Errors about facts that do not match the schemas: facts that are missing, and facts of unknown actions."""

from collections.abc import Iterable, Mapping, Sequence

from .._errors import CodegenError
from ..schemas._json_text import Place
from ._facts import VersionFacts
from ._facts_rules import pointer_of

__all__ = ["check_schemas_exist", "missing_facts_error", "name_some", "write_skeleton"]

_MOST_REMOVED = 8
"""How many actions an edition may lack; schemas that lack more are taken for an incomplete folder."""

_SHOWN = 3
"""How many names an error lists; it only counts the others."""


def missing_facts_error(
    facts: VersionFacts,
    place: Place,
    problems: Sequence[str],
    actions: Sequence[str],
    names: Mapping[str, str],
) -> CodegenError:
    """Returns an error about missing facts, with entries to be filled in as its cure.

    Args:
        facts: the facts of a version.
        place: the schema that first needs a missing fact.
        problems: what is wrong, in a few words each.
        actions: the actions without facts.
        names: the places of types that need a name, as facts write them, each with a suggested name.
    """
    entries = "\n".join(
        f"    {line}" if line else "" for line in write_skeleton(facts, actions, names).splitlines()
    )
    where = facts.own_files[-1] if facts.own_files else "a file for --facts"
    return place.error(
        "; ".join(problems),
        f"""fill in these entries and add them to {where} (--skeleton FILE writes them to a new file):

{entries}""",
    )


def name_some(names: Sequence[str]) -> str:
    """Returns the first of some names as a text, such as `A, B, C and 4 more`."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def write_skeleton(facts: VersionFacts, actions: Iterable[str], names: Mapping[str, str]) -> str:
    """Returns the text of a facts file with placeholders for missing facts.

    Args:
        facts: the facts that exist.
        actions: the actions without facts.
        names: the places of types that need a name, each with a suggested name.
    """
    blocks = list(facts.protocol.blocks)
    named = "".join(f'"{path}" = "{name}"\n' for path, name in names.items())
    entries = [f"""[actions.{name}]
purpose = "Says in one sentence what the request does."
citation = "Document, edition and section that say so"
block = "{blocks[0]}"  # one of {", ".join(blocks)}
direction = "station"  # who sends it: station, csms or both
""" for name in actions]
    head = f'[protocol]\nversion = "{facts.protocol.version}"\n'
    return "\n".join([head, *([f"[names]\n{named}"] if named else []), *entries])


def check_schemas_exist(facts: VersionFacts, actions: Iterable[str]) -> None:
    """Checks that each action with facts has a schema.

    Args:
        facts: the facts of a version.
        actions: the actions that have schemas.

    Raises:
        CodegenError: an action with facts has no schema.
    """
    absent = sorted(facts.actions.keys() - set(actions))
    if not absent:
        return
    version = facts.protocol.version
    one = len(absent) == 1
    if len(absent) > _MOST_REMOVED:
        raise CodegenError(
            f"the schemas of OCPP {version} lack {len(absent)} actions that the facts have: {name_some(absent)}",
            cure="add the missing schemas to the folder of --base, which replaces all schemas of the version; "
            "or name the folder with --schemas, which adds its schemas to the shipped ones",
        )
    entries = "\n\n".join(f"    [actions.{name}]\n    removed = true" for name in absent)
    raise CodegenError(
        f"there are facts of {'an action' if one else f'{len(absent)} actions'} that the schemas of "
        f"OCPP {version} do not have: {', '.join(absent)}",
        file=facts.actions[absent[0]].file,
        pointer=pointer_of("actions", absent[0]),
        cure=f"""add the missing schemas, or correct the {"name" if one else "names"} in the facts; if this edition removed
{"the action" if one else "them"}, say so in a facts file of your own (--facts):

    [protocol]
    version = "{version}"

{entries}""",
    )
