"""What wheel and sdist hold: everything that is needed, and nothing else."""

import email
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.distributions import Built, build, contents

REPOSITORY = "https://github.com/ocppkit/ocppkit"
CODE = {".py", ".pyi", ".toml"}


def expected(source: Path) -> Iterator[tuple[str, Path]]:
    """Yields each file that the wheel must hold, and what it is a copy of."""
    for tree in ("sdk", "generated", "codegen"):
        for path in (source / tree).rglob("*"):
            if path.suffix in CODE or path.name == "py.typed":
                yield path.relative_to(source / tree).as_posix(), path
    for folder in ("templates", "schemas"):
        for path in (source / folder).rglob("*"):
            if path.is_file():
                yield f"ocppkit/codegen/bundled/{path.relative_to(source).as_posix()}", path


def test_the_wheel_holds_the_code_and_what_it_reads(built: Built) -> None:
    code = {name: data for name, data in built.members.items() if ".dist-info/" not in name}
    files = dict(expected(built.source))
    assert sorted(code) == sorted(files)
    assert [name for name, data in code.items() if data != files[name].read_bytes()] == []


@pytest.mark.parametrize(
    "name",
    [
        "ocppkit/codegen/corrections/ocpp-2.1.0-v201.toml",
        "ocppkit/codegen/errata/optional/exi-response-7500.toml",
        "ocppkit/codegen/facts/names_v16.toml",
        "ocppkit/codegen/facts/v21.toml",
        "ocppkit/codegen/bundled/schemas/lock.toml",
        "ocppkit/codegen/bundled/schemas/v16/ResetRequest.json",
        "ocppkit/codegen/bundled/templates/msgspec/macros.jinja",
        "ocppkit/codegen/bundled/templates/msgspec/py.typed",
        "ocppkit/core/model/_opt.pyi",
        "ocppkit/v21/messages/notify_periodic_event_stream.py",
        "ocppkit/v21/pydantic/datatypes.py",
    ],
)
def test_the_wheel_holds_each_kind_of_file(name: str, built: Built) -> None:
    assert name in built.members


def test_each_subpackage_in_the_wheel_is_typed(built: Built) -> None:
    members = built.members
    modules = [name.split("/") for name in members if name.endswith(".py")]
    packages = {"/".join(parts[:2]) for parts in modules if len(parts) > 2}
    assert len(packages) >= 10
    assert [package for package in packages if f"{package}/py.typed" not in members] == []
    assert not [name for name in members if name.startswith("ocppkit/__init__.")]


def test_the_wheel_describes_itself(built: Built) -> None:
    info = {
        name.partition(".dist-info/")[2]: data.decode()
        for name, data in built.members.items()
        if ".dist-info/" in name
    }
    assert sorted(info) == [
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        "licenses/NOTICE",
    ]
    assert info["licenses/NOTICE"] == (built.source / "NOTICE").read_text("utf-8")
    metadata = email.message_from_string(info["METADATA"])
    required = metadata.get_all("Requires-Dist") or []
    base = sorted(each.partition(">")[0] for each in required if "extra ==" not in each)
    assert base == ["msgspec", "typing-extensions"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    described = str(metadata.get_payload()).replace(f"{REPOSITORY}/blob/main/", "")
    assert described == (built.source / "README.md").read_text("utf-8")


def test_sdist_and_checkout_build_the_same_wheel(built: Built, tmp_path: Path) -> None:
    (direct,) = build(built.source, tmp_path, "--wheel").glob("*.whl")
    assert direct.name == built.wheel.name
    assert contents(direct) == built.members


def test_the_sdist_can_be_worked_in(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "tests/packaging/test_distributions.py", "LICENSE"} <= names
    assert not [name for name in names if "__pycache__" in name or "/." in f"/{name}"]


def test_the_page_on_pypi_has_absolute_links_and_urls(built: Built) -> None:
    (name,) = (name for name in built.members if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(built.members[name])
    urls = dict(each.split(", ") for each in metadata.get_all("Project-URL") or [])
    assert set(urls) == {"Repository", "Documentation", "Changelog"}
    assert urls["Repository"] == REPOSITORY
    links = re.findall(r"\]\(([^)]+)\)", str(metadata.get_payload()))
    assert f"{REPOSITORY}/blob/main/docs/guides/csms.md" in links
    assert all(link.startswith(("https://", "#")) for link in links)
