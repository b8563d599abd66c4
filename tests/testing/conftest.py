"""A bound on every test here."""

from support.time_limits import bounded

__all__ = ["bounded"]
