"""One import namespace over three trees: no `ocppkit/__init__.py`, and typed everywhere."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TREES = [ROOT / name for name in ("sdk", "generated", "codegen")]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_the_namespace_has_no_init(tree: Path) -> None:
    assert [path.name for path in tree.iterdir() if path.name != "__pycache__"] == ["ocppkit"]
    # It would hide the portions of the namespace in the two other trees.
    assert not list(tree.glob("__init__.*"))
    assert not list(tree.glob("ocppkit/__init__.*"))
    modules = [path.name for path in tree.glob("ocppkit/*") if path.suffix in {".py", ".pyi"}]
    # `python -m ocppkit` runs this one; nothing imports it.
    assert modules == (["__main__.py"] if tree.name == "sdk" else [])


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_each_subpackage_says_that_it_is_typed(tree: Path) -> None:
    packages = [path for path in tree.glob("ocppkit/*") if any(path.glob("*/*.py"))]
    packages += [path for path in tree.glob("ocppkit/*") if any(path.glob("*.py"))]
    assert packages
    assert [path.name for path in packages if not (path / "py.typed").is_file()] == []


def test_a_subpackage_lives_in_one_tree() -> None:
    names = [
        path.name
        for tree in TREES
        for path in tree.glob("ocppkit/*")
        if path.is_dir() and path.name != "__pycache__"
    ]
    assert sorted(names) == sorted(set(names))
