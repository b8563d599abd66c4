"""Renders one template; a template that is wrong becomes an error that names its file and line."""

import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
)
from jinja2.bccache import Bucket

from .._errors import CodegenError

__all__ = ["environment_of", "render"]

_MISTAKES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a template that is wrong can raise."""


class _CompiledTemplates(BytecodeCache):
    """Keeps what templates were compiled to, so that each is compiled once and not once a version."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        compiled = self._compiled.get((bucket.key, bucket.checksum))
        if compiled is not None:
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED = _CompiledTemplates()


def environment_of(folders: Sequence[Path]) -> Environment:
    """Returns an environment that looks into these folders, the first of them first."""
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_COMPILED,
        cache_size=-1,
        auto_reload=False,
        autoescape=False,  # it writes Python and Markdown, not HTML
    )


def render(environment: Environment, template: str, variables: Mapping[str, Any]) -> str:
    """Returns the text of a template, or of a file that is none.

    Raises:
        CodegenError: the template is broken or uses an undefined name.
    """
    try:
        if template.endswith(".jinja"):
            return environment.get_template(template).render(variables)
        assert environment.loader is not None
        return environment.loader.get_source(environment, template)[0]
    except _MISTAKES as error:
        file, line = _place(error, template)
        raise CodegenError(
            f"{type(error).__name__}: {error}",
            file=file,
            line=line,
            cure="mend the template; templates/README.md lists the names it may use",
        ) from error


def _place(error: Exception, template: str) -> tuple[str, int | None]:
    """Finds the line of the template that the error came from: jinja2 puts it into the traceback."""
    line: int | None = getattr(error, "lineno", None)
    if line is not None:
        return getattr(error, "filename", None) or template, line
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith(".jinja"):
            return frame.filename, frame.lineno
    return template, None
