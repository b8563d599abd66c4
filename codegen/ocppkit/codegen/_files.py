"""Reading the files that users name: what cannot be read is an error with a cure."""

from pathlib import Path

from ._errors import CodegenError

__all__ = ["list_files", "read_file"]


def read_file(path: Path) -> bytes:
    """Returns what a file holds.

    Raises:
        CodegenError: if it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as exc:
        raise CodegenError(
            f"cannot be read: {exc.strerror}", file=str(path), cure="check the path and its rights"
        ) from exc


def list_files(path: Path, suffix: str) -> list[Path]:
    """Lists the files of a folder that end in `suffix`, in sorted order; a file stands for itself.

    Raises:
        CodegenError: if there is no such path, or no such file in the folder.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise CodegenError("no such file or folder", file=str(path), cure="correct the path")
    files = sorted(file for file in path.iterdir() if file.name.endswith(suffix))
    if not files:
        raise CodegenError(f"no *{suffix} in it", file=str(path), cure="name another folder")
    return files
