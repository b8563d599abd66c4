"""Renders one template; a template that is wrong becomes an error that names its file and line."""

import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, TemplateError

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


def environment_of(folders: Sequence[Path]) -> Environment:
    """Returns an environment that looks into these folders, the first of them first."""
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
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
