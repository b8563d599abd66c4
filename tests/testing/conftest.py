"""A bound on every test here."""

from bounds import bounded

__all__ = ["bounded"]
