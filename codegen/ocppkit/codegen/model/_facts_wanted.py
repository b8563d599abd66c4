"""What a set of schemas wants of the facts: entries that are missing, and those that are too many."""

from collections.abc import Iterable, Mapping, Sequence

from .._errors import CodegenError
from ..schemas._json_text import Place
from ._facts import VersionFacts
from ._facts_rules import pointer_of

__all__ = ["check_complete", "missing_facts", "skeleton", "some_of"]

_MOST_REMOVED = 8
"""Actions that an edition may remove; one that lacks more is taken for a part of an edition."""

_SHOWN = 3
"""Names that a message lists before it counts the others."""


def missing_facts(
    facts: VersionFacts,
    place: Place,
    problems: Sequence[str],
    actions: Sequence[str],
    names: Mapping[str, str],
) -> CodegenError:
    """Makes the error about facts that are missing; its cure is the text of them, to be filled in.

    Args:
        facts: the facts of a version.
        place: where the first of them is wanted.
        problems: what is wrong, in a few words each.
        actions: the actions without facts.
        names: the places of types that need a name, as facts write them, each with one that would do.
    """
    entries = "\n".join(
        f"    {line}" if line else "" for line in skeleton(facts, actions, names).splitlines()
    )
    where = facts.own_files[-1] if facts.own_files else "a file for --facts"
    return place.error(
        "; ".join(problems),
        f"""fill in these facts and put them into {where} (--skeleton FILE writes them to a new file):

{entries}""",
    )


def some_of(names: Sequence[str]) -> str:
    """Lists the first of some names, and says how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def skeleton(facts: VersionFacts, actions: Iterable[str], names: Mapping[str, str]) -> str:
    """Returns the text of a facts file to be filled in.

    Args:
        facts: the facts that there are.
        actions: the actions without facts.
        names: the places of types that need a name, each with one that would do.
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


def check_complete(facts: VersionFacts, actions: Iterable[str]) -> None:
    """Checks that the schemas have the actions that the facts know.

    Args:
        facts: the facts of a version.
        actions: the actions that its schemas have.

    Raises:
        CodegenError: there are facts of an action that has no schema.
    """
    absent = sorted(facts.actions.keys() - set(actions))
    if not absent:
        return
    version = facts.protocol.version
    one = len(absent) == 1
    if len(absent) > _MOST_REMOVED:
        raise CodegenError(
            f"the schemas of OCPP {version} lack {len(absent)} actions that the facts have: {some_of(absent)}",
            cure="complete the folder of --base, which replaces all schemas of the version; a folder with some "
            "messages only is laid over them with --schemas",
        )
    entries = "\n\n".join(f"    [actions.{name}]\n    removed = true" for name in absent)
    raise CodegenError(
        f"there are facts of {'an action' if one else f'{len(absent)} actions'} that the schemas of "
        f"OCPP {version} do not have: {', '.join(absent)}",
        file=facts.actions[absent[0]].file,
        pointer=pointer_of("actions", absent[0]),
        cure=f"""add the missing schemas, or mend the {"name" if one else "names"} in the facts; if this edition removed
{"the action" if one else "them"}, say so in a facts file of your own (--facts):

    [protocol]
    version = "{version}"

{entries}""",
    )
