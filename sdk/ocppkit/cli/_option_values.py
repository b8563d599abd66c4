"""Reads the values of options, for commands with typer and for those that work without it."""

from argparse import ArgumentTypeError
from collections.abc import Iterable

from ocppkit.core import LocalProtocolError
from ocppkit.tools import load_protocol

__all__ = ["split_words", "version_number"]


def split_words(values: Iterable[str] | None) -> tuple[str, ...]:
    """Returns the words in the values of an option; a value can have several words, separated by commas."""
    return tuple(
        word.strip() for value in values or () for word in value.split(",") if word.strip()
    )


def version_number(text: str) -> str:
    """Returns the OCPP version that an option of `argparse` names.

    Raises:
        ArgumentTypeError: no version has this name.
    """
    try:
        return load_protocol(text).version
    except LocalProtocolError as error:
        raise ArgumentTypeError(str(error)) from error
