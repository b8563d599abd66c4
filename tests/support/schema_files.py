"""Small schemas, and the folders and ZIPs in which the Open Charge Alliance publishes them."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ocppkit.codegen._errors import CodegenError

__all__ = [
    "BOM",
    "DRAFT_4",
    "DRAFT_6",
    "FOLDERS",
    "encode",
    "message",
    "package_schemas",
    "pair",
    "refused",
    "tree",
    "write",
    "zipped",
]

BOM = b"\xef\xbb\xbf"
DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_6 = "http://json-schema.org/draft-06/schema#"

FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}


def message(**keywords: Any) -> dict[str, Any]:
    """Returns the schema of a message."""
    return {"$schema": DRAFT_6, "type": "object", "additionalProperties": False} | keywords


def encode(document: object, *, bom: bool = False) -> bytes:
    """Writes a document as a publisher's tool might."""
    return (BOM if bom else b"") + json.dumps(document, indent="\t").encode()


def pair(action: str = "Reset", *, suffix: str = "Request", **properties: Any) -> dict[str, bytes]:
    """Makes the two files of an action; the properties are the request's."""
    request = message(properties=properties) if properties else message()
    return {
        f"{action}{suffix}.json": encode(request),
        f"{action}Response.json": encode(message()),
    }


def zipped(entries: Mapping[str, bytes], *, mode: int = 0) -> bytes:
    """Makes a ZIP.

    Args:
        entries: the bytes by path.
        mode: type and rights of every entry, as Unix counts them.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, data in entries.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = mode << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Writes files below a folder, and return the folder."""
    for path, data in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Reads all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def package_schemas(version: str) -> Path:
    """Finds the originals inside the PyPI package `ocpp`."""
    spec = find_spec("ocpp")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / FOLDERS[version] / "schemas"


@contextmanager
def refused(
    problem: str,
    *,
    file: str | None = None,
    pointer: str | None = None,
    line: int | None = None,
    cure: str = "",
) -> Iterator[None]:
    """Expects an error that says what, where and the cure.

    An entry of errata has a line beside its pointer; it is compared if it is given.
    """
    with pytest.raises(CodegenError) as caught:
        yield
    error = caught.value
    assert problem in error.problem
    assert (error.file or "").endswith(file or "")
    assert error.pointer == pointer
    if line is not None or not (pointer or "").startswith("/change"):
        assert error.line == line
    assert error.cure
    assert cure in error.cure
