"""What a comparison can be asked about: a shipped version by name, or a folder or ZIP of anybody's schemas."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from .._resources import schemas_dir
from ..model._facts import known_versions, load_facts
from ..schemas._import import Imported, derive_source
from ..schemas._keywords import DRAFTS
from ..schemas._schema_set import SchemaFile, SchemaSet, folder_of, load_set

__all__ = ["open_set", "senders_of"]

_ANY_VERSION = "2.1"
"""Whose rules for file names a set of unknown version follows: 2.1 knows every kind of message."""


def open_set(name: str, version: str | None = None) -> SchemaSet:
    """Loads a set of schemas for a comparison, as it stands: corrections and errata are not applied.

    Args:
        name: a shipped version such as `2.0.1`, or the path of a folder or ZIP; `./2.0.1` is always a path.
        version: the OCPP version of what lies at a path, if it is known.

    Returns:
        The set. Its version is `name`, which is what a report calls it.

    Raises:
        CodegenError: there is nothing of that name, or it is refused.
    """
    if name in known_versions():
        return load_set(name, schemas_dir() / folder_of(name))
    derived = derive_source(Path(name), version or _ANY_VERSION)
    files = {
        message: SchemaFile(message, f"{name}/{one.source.path}", _draft(one), one.document)
        for message, one in derived.items()
    }
    return SchemaSet(name, files)


def senders_of(*versions: str | None) -> Mapping[str, str]:
    """Returns who sends each action, as far as the facts of these versions agree.

    A version that is not known stands for all of them: most actions go one way in each version that has them.
    """
    known = known_versions()
    wanted: Iterable[str] = known
    if all(version in known for version in versions):
        wanted = [version for version in versions if version is not None]
    senders: defaultdict[str, set[str]] = defaultdict(set)
    for version in wanted:
        for name, action in load_facts(version).actions.items():
            senders[name].add(action.direction)
    return {name: found.pop() for name, found in senders.items() if len(found) == 1}


def _draft(imported: Imported) -> int:
    return DRAFTS[str(imported.document["$schema"]).rstrip("#")]
