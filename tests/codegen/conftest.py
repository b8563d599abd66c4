"""Fixtures of the generator's tests."""

from cli.conftest import cli

__all__ = ["cli"]
