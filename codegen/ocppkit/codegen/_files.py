"""Reads files and lists folders that users name; a failure becomes a `CodegenError` with a cure."""

from pathlib import Path

from ._errors import CodegenError

__all__ = ["list_files", "read_file"]


def read_file(path: Path) -> bytes:
    """Returns the bytes of a file.

    Raises:
        CodegenError: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as exc:
        raise CodegenError(
            f"the file cannot be read: {exc.strerror}",
            file=str(path),
            cure="check the path and the permissions of the file",
        ) from exc


def list_files(path: Path, suffix: str) -> list[Path]:
    """Returns the files of a folder whose names end in `suffix`, sorted; for a path of a file, that file.

    Raises:
        CodegenError: the path does not exist, or the folder has no such file.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise CodegenError("no such file or folder", file=str(path), cure="correct the path")
    files = sorted(file for file in path.iterdir() if file.name.endswith(suffix))
    if not files:
        raise CodegenError(
            f"the folder has no file *{suffix}", file=str(path), cure="name another folder"
        )
    return files
