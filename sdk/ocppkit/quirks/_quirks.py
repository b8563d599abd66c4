"""A collection of quirk profiles, from which the profile of a station is chosen."""

from collections.abc import Iterator
from importlib import resources
from os import PathLike
from pathlib import Path

from ocppkit.core import Protocol

from ._quirk_profiles import QuirkFileError, QuirkProfile, read_profiles

__all__ = ["Quirks"]


class Quirks:
    """A list of quirk profiles: those of the program's files, then those that ship with the
    library.
    """

    def __init__(self, *files: str | PathLike[str], shipped: bool = True) -> None:
        """Reads the profiles.

        Args:
            files: TOML files of your own; the profiles in them win over those that ship.
            shipped: whether to add the profiles that ship with the library.

        Raises:
            OSError: a file cannot be read.
            QuirkFileError: a file has another form, or two profiles have one name.
        """
        own = [
            profile
            for file in files
            for profile in read_profiles(Path(file).read_bytes(), str(file))
        ]
        names = [profile.name for profile in own]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise QuirkFileError(f"two profiles have the name {doubled[0]} [rename one of them]")
        others = (profile for profile in _shipped() if profile.name not in names)
        self.profiles: tuple[QuirkProfile, ...] = (*own, *(others if shipped else ()))
        """In the order in which they are tried."""

    def named(self, name: str) -> QuirkProfile:
        """Returns the profile with this name.

        Raises:
            LookupError: there is none of that name; the message lists those that there are.
        """
        for profile in self.profiles:
            if profile.name == name:
                return profile
        known = ", ".join(profile.name for profile in self.profiles)
        raise LookupError(f"there is no profile {name!r} [use one of: {known}]")

    def find(self, vendor: str, model: str, firmware: str = "") -> QuirkProfile | None:
        """Returns the first profile that applies to a station, or `None`.

        Args:
            vendor: as the station's BootNotification says it, like the others.
            model: its model.
            firmware: the version of its firmware.
        """
        return next((each for each in self.profiles if each.fits(vendor, model, firmware)), None)

    def check(self, *protocols: Protocol) -> None:
        """Checks that each quirk for these versions names a message and a place in the message.

        Raises:
            QuirkFileError: one does not; the message names it.
        """
        for profile in self.profiles:
            for protocol in protocols:
                profile.check(protocol)


def _shipped() -> Iterator[QuirkProfile]:
    folder = resources.files("ocppkit.quirks") / "profiles"
    # An installed package may hold files of the system, such as .DS_Store.
    files = (each for each in folder.iterdir() if each.name.endswith(".toml"))
    for file in sorted(files, key=lambda each: each.name):
        yield from read_profiles(file.read_bytes(), file.name)
