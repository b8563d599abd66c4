"""Tiny versions of OCPP, one per feature of the generator, each beside the files that it must become.

A case is a folder of `cases/`: the schemas of its messages, `case.toml`, `expected/`, `facts.toml` if its
actions are others than the one that `ping/` has for all, and `prose.toml` if it has texts. `case.toml` says
what the case shows:

* `feature`: in one sentence;
* `show`: the files whose text counts; they stand in `expected/`;
* `files`: all files of the package, where their set counts;
* `made`: messages as Python makes them, and as they go over the wire;
* `refused`: what must not be decoded;
* `holds`: further expressions in Python that must be true;
* `package`, `only`: as on the command line.

`make golden` writes what is expected anew; read the difference before you commit it.
"""

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ocppkit.codegen._pipeline import read_api
from ocppkit.codegen.model._facts import VersionFacts
from ocppkit.codegen.model._facts_files import load_facts
from ocppkit.codegen.model._ir import Api
from ocppkit.codegen.model._passes import keep_actions
from ocppkit.codegen.model._prose import add_prose
from ocppkit.codegen.render._flavours import render_flavour
from ocppkit.codegen.schemas._schema_set import SchemaSet, load_set

__all__ = ["CASES", "VERSION", "Case", "Made", "RefusedJson", "render", "rewrite", "tiny_facts"]

VERSION = "9.9"
"""A version that nobody knows: all that the generator needs of it are schemas and facts."""

_HERE = Path(__file__).parent
_PING = _HERE / "ping"


@dataclass(frozen=True)
class Made:
    """A message as an expression in Python, and its JSON."""

    python: str
    wire: str


@dataclass(frozen=True)
class RefusedJson:
    """JSON that is none of a message."""

    message: str
    wire: str


@dataclass(frozen=True)
class Case:
    """One feature of the generator."""

    folder: Path
    feature: str
    show: tuple[str, ...]
    files: tuple[str, ...] = ()
    made: tuple[Made, ...] = ()
    refused: tuple[RefusedJson, ...] = ()
    holds: tuple[str, ...] = ()
    package: str = "ocpp99"
    only: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def root(self) -> str:
        """Where the package stands in what is rendered."""
        return self.package.replace(".", "/")

    def expected(self) -> Mapping[str, str]:
        """Returns the files that stand in `expected/`, by path in the package."""
        folder = self.folder / "expected"
        return {
            path.relative_to(folder).as_posix(): path.read_text("utf-8")
            for path in folder.rglob("*")
            if path.is_file()
        }


def tiny_facts(*extra: Path) -> VersionFacts:
    """Returns the facts of the tiny version: of the action Ping, if no file has others."""
    return load_facts(VERSION, _HERE / "protocol.toml", *(extra or [_PING / "facts.toml"]))


@cache
def render(case: Case, flavour: str = "msgspec") -> Mapping[str, str]:
    """Returns what the generator makes of a case, by path in the package."""
    files = render_flavour(_api(case), case.package, flavour, (), _tell_nobody)
    return {path.removeprefix(f"{case.root}/"): text for path, text in files.items()}


def rewrite(case: Case) -> None:
    """Writes what is expected of a case anew."""
    folder = case.folder / "expected"
    shutil.rmtree(folder, ignore_errors=True)
    for path in case.show:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(render(case)[path], "utf-8")


def _api(case: Case) -> Api:
    own = case.folder / "facts.toml"
    facts = tiny_facts(own) if own.exists() else tiny_facts()
    texts = case.folder / "prose.toml"
    api = add_prose(read_api(_schemas(case), facts), *([texts] if texts.exists() else []))
    return keep_actions(api, case.only) if case.only else api


def _schemas(case: Case) -> SchemaSet:
    own = (case.folder / "facts.toml").exists()
    return load_set(VERSION, case.folder) if own else load_set(VERSION, _PING, case.folder)


def _tell_nobody(done: int, total: int) -> None:
    """Shows no progress."""


def _load(folder: Path) -> Case:
    table: dict[str, Any] = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    lists: dict[str, Any] = {
        key: tuple(table.pop(key)) for key in ("show", "files", "holds", "only") if key in table
    }
    made = tuple(Made(**each) for each in table.pop("made", ()))
    refused = tuple(RefusedJson(**each) for each in table.pop("refused", ()))
    return Case(folder, made=made, refused=refused, **lists, **table)


CASES = tuple(_load(folder) for folder in sorted((_HERE / "cases").iterdir()))
"""All cases, by name."""
