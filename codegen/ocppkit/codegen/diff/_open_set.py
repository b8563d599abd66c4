"""What a comparison can be asked about: a shipped version by name, or a folder or ZIP of anybody's schemas."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .._errors import CodegenError
from .._resources import schemas_dir
from ..model._facts import facts_files_of, has_sends, known_versions, load_facts
from ..schemas._import import Imported, derive_source
from ..schemas._keywords import DRAFTS
from ..schemas._schema_set import SchemaFile, SchemaSet, folder_of, is_version, load_set

__all__ = ["folder_of_version", "open_set", "senders_of"]

_UNKNOWN = "unknown"
"""Stands for the version of a set that nobody named."""

_FOLDER = re.compile(r"v\d+")
"""How the folder of a version is called."""


def open_set(name: str, version: str | None = None, beside: str | None = None) -> SchemaSet:
    """Loads a set of schemas for a comparison, as it stands: corrections and errata are not applied.

    Args:
        name: a shipped version such as `2.0.1`, or the path of a folder or ZIP; `./2.0.1` is always a path.
        version: the OCPP version of what lies at a path, if it is known.
        beside: the version that it is compared with: the one to take of a folder that holds several.

    Returns:
        The set. Its version is `name`, which is what a report calls it.

    Raises:
        CodegenError: there is nothing of that name, or it is refused.
    """
    if name in known_versions():
        return load_set(name, schemas_dir() / folder_of(name))
    if is_version(name) and not Path(name).exists():
        raise CodegenError(
            f"OCPP {name} is not one of {', '.join(known_versions())}",
            cure="name one of these, a folder or a ZIP; or describe the version in facts (--facts)",
        )
    sends = version is None or has_sends(version)
    path = folder_of_version(Path(name), version or beside)
    derived = derive_source(path, version or _UNKNOWN, sends=sends)
    files = {
        message: SchemaFile(message, f"{path}/{one.source.path}", _draft(one), one.document)
        for message, one in derived.items()
    }
    return SchemaSet(name, files)


def folder_of_version(path: Path, version: str | None) -> Path:
    """Returns the folder of one version below a folder that holds several, as `schemas import` fills it.

    Raises:
        CodegenError: there are several, and nobody says which.
    """
    if not path.is_dir():
        return path
    several = sorted(each.name for each in path.iterdir() if _FOLDER.fullmatch(each.name))
    if version is not None and folder_of(version) in several:
        return path / folder_of(version)
    if len(several) > 1:
        raise CodegenError(
            f"the folder holds several versions: {', '.join(several)}",
            file=str(path),
            cure=f"name one with --version, or its folder, such as {path / several[0]}",
        )
    return path


def senders_of(*versions: str | None, facts_files: Sequence[Path] = ()) -> Mapping[str, str]:
    """Returns who sends each action, as far as the facts of these versions agree.

    A version that is not known stands for all of them: most actions go one way in each version that has them.

    Args:
        versions: the versions of the compared sets; `None` for one that nobody named.
        facts_files: facts of the user's, about any versions.
    """
    known = known_versions(*facts_files)
    wanted: Iterable[str] = known
    if all(version in known for version in versions):
        wanted = [version for version in versions if version is not None]
    senders: defaultdict[str, set[str]] = defaultdict(set)
    for version in wanted:
        own = facts_files_of(version, facts_files)
        actions = dict(load_facts(version, *own).actions)
        if own and version in known_versions():
            # The user's facts may remove an action that the other side has.
            actions = {**load_facts(version).actions, **actions}
        for name, action in actions.items():
            senders[name].add(action.direction)
    return {name: found.pop() for name, found in senders.items() if len(found) == 1}


def _draft(imported: Imported) -> int:
    return DRAFTS[str(imported.document["$schema"]).rstrip("#")]
