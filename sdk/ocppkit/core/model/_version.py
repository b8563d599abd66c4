"""The installed version of ocppkit, read from its metadata when somebody asks."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("ocppkit")
