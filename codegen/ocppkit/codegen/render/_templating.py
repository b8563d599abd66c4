"""Renders templates with jinja2; an error in a template names its file and line."""

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

__all__ = ["jinja_environment", "render"]

_TEMPLATE_ERRORS = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""The exceptions that an error in a template can raise."""


class _CompiledTemplates(BytecodeCache):
    """Keeps compiled templates in memory, so that each is compiled once instead of once per version."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        compiled = self._compiled.get((bucket.key, bucket.checksum))
        if compiled is not None:
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED = _CompiledTemplates()


def jinja_environment(folders: Sequence[Path]) -> Environment:
    """Returns a jinja2 environment that looks for templates in these folders, in their order."""
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
    """Renders a template; returns a file that is not a template unchanged.

    Raises:
        CodegenError: the template has an error or uses an undefined name.
    """
    try:
        if template.endswith(".jinja"):
            return environment.get_template(template).render(variables)
        assert environment.loader is not None
        return environment.loader.get_source(environment, template)[0]
    except _TEMPLATE_ERRORS as error:
        file, line = _error_place(error, template)
        raise CodegenError(
            f"{type(error).__name__}: {error}",
            file=file,
            line=line,
            cure="correct the template; templates/README.md lists the names that it may use",
        ) from error


def _error_place(error: Exception, template: str) -> tuple[str, int | None]:
    """Returns the file and line of an error in a template; jinja2 adds them to the traceback."""
    line: int | None = getattr(error, "lineno", None)
    if line is not None:
        return getattr(error, "filename", None) or template, line
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith(".jinja"):
            return frame.filename, frame.lineno
    return template, None
