"""Group 5: what importing the messages of a version costs, and how long generating them takes."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from .findings import Book
from .scale import Scale

__all__ = ["probe", "run"]

_GROUP: Final = "imports"
_FLOOR: Final = "msgspec"
_VERSIONS: Final = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}

_GENERATOR: Final = "ocppkit generate"
_PARSER: Final = "datamodel-codegen, 2.0.1 alone"
_FACE: Final = "ocppkit.v21"
_MODELS: Final = "ocppkit.v21.pydantic"
_ROOT: Final = Path(__file__).resolve().parents[2]

_PROBE: Final = """
import json, sys, time
from os import sysconf

def memory():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * sysconf("SC_PAGE_SIZE")

before, start = memory(), time.process_time()
__import__(sys.argv[1])
print(json.dumps([time.process_time() - start, memory() - before]))
"""


def run(scale: Scale, book: Book) -> None:
    """Measures imports, each in a process of its own, and the generator."""
    _imports(scale, book)
    _generation(scale, book)


def _imports(scale: Scale, book: Book) -> None:
    ours = {f"ocppkit.{package}": version for version, package in _VERSIONS.items()}
    theirs = {f"ocpp.{package}": version for version, package in _VERSIONS.items()}
    modules = [_FLOOR, *ours, _MODELS, *(name for name in theirs if find_spec(name))]
    seconds: dict[str, list[float]] = {name: [] for name in modules}
    memory: dict[str, list[float]] = {name: [] for name in modules}
    for name in modules:
        probe(name)  # compiles
    for _ in range(2 * scale.rounds + 1):
        for name in modules:
            took, grew = probe(name)
            seconds[name].append(took)
            memory[name].append(grew / 2**20)
    for name in modules:
        book.cost(_GROUP, f"import {name}", name, "ms", [took * 1e3 for took in seconds[name]])
        book.cost(_GROUP, f"import {name}, memory", name, "MiB", memory[name])
    book.share(_GROUP, "import 2.1, pydantic", seconds, _MODELS, _FACE, "import-pydantic")
    for name, version in ours.items():
        what = f"import {version}"
        book.share(_GROUP, what, seconds, name, _FLOOR, f"import-{version}")
        peer = f"ocpp.{_VERSIONS[version]}"
        if peer in seconds:
            book.faster(_GROUP, what, seconds, name, peer)
            book.faster(_GROUP, f"{what}, memory", memory, name, peer)


def probe(module: str) -> list[float]:
    """Imports a module in a new process, and returns the seconds of CPU and the bytes that it took."""
    command = [sys.executable, "-c", _PROBE, module]
    # Where packages are in use they are compiled, whatever is said here.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=60, env=environment
    )
    values: Any = json.loads(done.stdout)
    return [float(value) for value in values]


# Generation.


def _generation(scale: Scale, book: Book) -> None:
    if find_spec("datamodel_code_generator") is None:
        book.note("datamodel-code-generator is not installed: generation is left out")
        return
    seconds: dict[str, list[float]] = {_GENERATOR: [], _PARSER: []}
    for _ in range(scale.rounds):
        seconds[_GENERATOR].append(_timed("ocppkit.cli", "generate", "--check", "--quiet"))
        seconds[_PARSER].append(_parse())
    for who, values in seconds.items():
        book.cost(_GROUP, "generate", who, "s", values)
    what = "generate all versions, both flavours"
    book.share(_GROUP, what, seconds, _GENERATOR, _PARSER, "generate")


def _parse() -> float:
    with TemporaryDirectory() as folder:
        return _timed(
            "datamodel_code_generator",
            *("--input", "schemas/v201", "--input-file-type", "jsonschema"),
            *("--output-model-type", "msgspec.Struct", "--output", f"{folder}/v201"),
        )


def _timed(module: str, *arguments: str) -> float:
    """Returns how long a command takes, on the clock on the wall: it may use several CPUs."""
    start = perf_counter()
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, *arguments],
        check=True,
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        timeout=300,
    )
    return perf_counter() - start
