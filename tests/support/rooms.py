"""Lists the folders of tests that run on every Python, have a short time limit, belong to a changed file, or stay on one worker."""

from collections.abc import Iterable
from pathlib import Path

__all__ = [
    "RUNTIME",
    "SHORT",
    "SHORT_SECONDS",
    "TESTS",
    "TOGETHER",
    "TRANSPORT",
    "is_in",
    "targets_of",
    "unit_of",
]

TESTS = Path(__file__).parents[1]

RUNTIME = (
    "aio",
    "core/engine",
    "core/frames",
    "core/model",
    "core/payloads",
    "csms",
    "fleet/test_failures.py",
    "fleet/test_fleet.py",
    "fleet/test_memory_bus.py",
    "fleet/test_values.py",
    "simulation",
    "station",
    "testing",
    "tools/test_frame_validation.py",
    "tools/test_inspector.py",
    "tools/test_log_files.py",
    "tools/test_log_lines.py",
    "tools/test_reports.py",
    "tools/test_trace_format.py",
    "transports/test_half_open.py",
    "transports/test_serving.py",
    "transports/websockets",
)
"""Folders, and files, whose tests need the runtime, the servers and pytest, but no other tool."""

TRANSPORT = (
    "transports/test_aiohttp.py",
    "transports/test_conformance.py",
    "transports/test_half_open.py",
    "transports/test_hosted_connections.py",
    "transports/test_hostile.py",
    "transports/test_limited_reads.py",
    "transports/test_never_readers.py",
    "transports/test_ping_interval.py",
    "transports/test_proxies.py",
    "transports/test_transport_wire.py",
    "transports/test_reported_refusals.py",
    "transports/test_rude_disconnects.py",
    "transports/test_serving.py",
    "transports/test_starlette.py",
    "transports/test_stopping.py",
    "transports/test_tls_events.py",
    "transports/websockets",
    "pydantic_flavour/test_conversions.py",
)
"""Folders, and files, whose tests show that the libraries below us do what we count on."""

SHORT = ("aio", "csms", "fleet", "live", "simulation", "station", "testing", "transports")
"""Folders whose tests wait for events, so that a fault shows as a test that hangs."""

SHORT_SECONDS = 30

TOGETHER = ("packaging", "site", "house")
"""Folders whose files share what is dear: a built wheel, a built site, all sources. They take longest."""

_TREES = {
    "sdk/ocppkit/": "",
    "codegen/ocppkit/codegen/": "codegen/",
    "benchmarks/speed/": "benchmarks/",
    "generated/ocppkit/": "roles/",
    "templates/": "codegen/render/",
    "schemas/": "codegen/schemas/",
}


def is_in(path: str, folders: Iterable[str]) -> bool:
    """Tells whether the file at an absolute path is in one of these folders of tests."""
    below = Path(path).relative_to(TESTS).as_posix()
    return f"{below}/".startswith(tuple(f"{folder}/" for folder in folders))


def unit_of(test: str) -> str:
    """Returns what one worker runs as a whole: the file of a test, or a folder that stays together.

    Args:
        test: the id of the test, which begins with its path from the root.
    """
    file = test.partition("::")[0].removeprefix("tests/")
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def targets_of(changed: Iterable[str]) -> list[str]:
    """Returns what to run for changed files, as paths below `tests`.

    A test is run itself; for any other file, the smallest folder that mirrors its own. Names and
    wording are checked always.

    Args:
        changed: paths below the repository's root, with slashes.
    """
    found = {"house"}
    for path in changed:
        if path.startswith("tests/"):
            found.update(_of_test(path.removeprefix("tests/")))
        else:
            found.update(_mirror(path))
    return sorted(each for each in found if not any(each.startswith(f"{one}/") for one in found))


def _of_test(path: str) -> Iterable[str]:
    name = path.rpartition("/")[2]
    if name.startswith("test_") and (TESTS / path).exists():
        yield path
    elif name == "conftest.py" and "/" in path:
        yield path.rpartition("/")[0]


def _mirror(path: str) -> Iterable[str]:
    for tree, folder in _TREES.items():
        if path.startswith(tree):
            steps = [*folder.strip("/").split("/"), *path.removeprefix(tree).split("/")[:-1]]
            steps = [step for step in steps if step]
            while steps and not (TESTS / "/".join(steps)).is_dir():
                steps.pop()
            if steps and steps != ["codegen"]:
                yield "/".join(steps)
