"""Finds the shipped schemas and templates: inside the installed package, or at the top of a checkout."""

from importlib.metadata import version
from pathlib import Path

__all__ = ["generator_version", "schemas_dir", "templates_dir"]

_HERE = Path(__file__).parent
_CHECKOUT = Path(__file__).parents[3]


def generator_version() -> str:
    """Returns the version of the installed ocppkit."""
    return version("ocppkit")


def schemas_dir() -> Path:
    """Returns the folder that holds `lock.toml` and one folder of schemas per version."""
    return _find_folder("schemas")


def templates_dir() -> Path:
    """Returns the folder that holds one folder of templates per flavour."""
    return _find_folder("templates")


def _find_folder(name: str) -> Path:
    # The wheel carries both folders inside this package; an editable install does not.
    packaged = _HERE / "bundled" / name
    return packaged if packaged.is_dir() else _CHECKOUT / name
