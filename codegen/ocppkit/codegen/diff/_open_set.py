"""Loads the schemas to compare: those of a shipped version by its name, or those of a folder or ZIP."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .._errors import CodegenError
from .._resources import schemas_dir
from ..model._facts_files import facts_files_of, has_sends, known_versions, load_facts
from ..schemas._keywords import DRAFTS
from ..schemas._schema_set import SchemaFile, SchemaSet, folder_of, is_version, load_set
from ..schemas._source_schemas import Imported, derive_source

__all__ = ["folder_of_version", "open_set", "senders_of"]

_UNKNOWN = "unknown"
"""The version of a folder or ZIP for which the user named none."""

_FOLDER = re.compile(r"v\d+")
"""The names of folders with the schemas of one version, such as `v201`."""


def open_set(name: str, version: str | None = None, beside: str | None = None) -> SchemaSet:
    """Loads a set of schemas for a comparison, without applying corrections and errata.

    Args:
        name: a shipped version such as `2.0.1`, or the path of a folder or ZIP; `./2.0.1` is always a path.
        version: the OCPP version of the folder or ZIP, if known.
        beside: the version that it is compared with. It is used if the folder has the schemas of several versions.

    Returns:
        The schemas. Their `version` is `name`, which reports show.

    Raises:
        CodegenError: there is no such version or path, or its schemas are invalid.
    """
    if name in known_versions():
        return load_set(name, schemas_dir() / folder_of(name))
    if is_version(name) and not Path(name).exists():
        raise CodegenError(
            f"there is no OCPP version {name}; ocppkit has {', '.join(known_versions())}",
            cure="name one of these, a folder or a ZIP; or describe the version in facts (--facts)",
        )
    sends = version is None or has_sends(version)
    path = folder_of_version(Path(name), version or beside)
    derived = derive_source(path, version or _UNKNOWN, sends=sends)
    files = {
        message: SchemaFile(message, f"{path}/{one.source.path}", _draft_of(one), one.document)
        for message, one in derived.items()
    }
    return SchemaSet(name, files)


def folder_of_version(path: Path, version: str | None) -> Path:
    """Returns the folder with the schemas of one version, if a folder has subfolders for several versions.

    Raises:
        CodegenError: there are several versions, and none is named.
    """
    if not path.is_dir():
        return path
    several = sorted(each.name for each in path.iterdir() if _FOLDER.fullmatch(each.name))
    if version is not None and folder_of(version) in several:
        return path / folder_of(version)
    if len(several) > 1:
        raise CodegenError(
            f"the folder has schemas of several versions: {', '.join(several)}",
            file=str(path),
            cure=f"choose one with --version, or name its folder, such as {path / several[0]}",
        )
    return path


def senders_of(*versions: str | None, facts_files: Sequence[Path] = ()) -> Mapping[str, str]:
    """Returns the sender of each action; actions with different senders in these versions are left out.

    If a version is unknown, the facts of all versions are used: most actions have the same sender in all of them.

    Args:
        versions: the versions of the compared sets; `None` for an unknown one.
        facts_files: facts files of the user, of any versions.
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


def _draft_of(imported: Imported) -> int:
    return DRAFTS[str(imported.document["$schema"]).rstrip("#")]
