"""The version of the installed ocppkit, read from its metadata when it is needed."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("ocppkit")
