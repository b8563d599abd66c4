"""Reports the issues of one payload, and decides which are repaired. Base class of the repair pass."""

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from ..model._issues import Issue, Issues, Path, Rule, render_path, render_step, steps_of
from ..model._messages import NOT_SENSITIVE, Sensitive
from ..model._repairs import Repair
from ..model._sensitive import is_sensitive
from ._issue_recorder import IssueRecorder
from ._policy import Mode, Override, Policy

__all__ = ["IssueReporter"]

_RENDERED: Final = 256
"""Paths whose texts are kept."""


class IssueReporter:
    """Decides by a policy which issues of one payload are repaired, and records them."""

    def __init__(self, cls: type[Struct], policy: Policy, root: Any) -> None:
        self._root = root
        self._sensitive: Sensitive = getattr(cls, "__ocpp_sensitive__", NOT_SENSITIVE)
        self._mends = policy.mode is not Mode.STRICT
        self._recorder = IssueRecorder(stops=not self._mends)
        self._silent = policy.mode is Mode.OFF
        self._mended: int = 0
        self._overrides = policy.overrides_of(cls)
        self._rendered: dict[int, tuple[Path, str]] = {}

    def issues(self, *, refused: bool) -> Issues:
        """Returns the issues that were found."""
        return self._recorder.result(refused=refused)

    def _report(
        self,
        rule: Rule,
        path: Path,
        value: Any = UNSET,
        expected: str | float | UnsetType = UNSET,
        *,
        mends: Repair | None = None,
    ) -> bool:
        """Records an issue; returns whether the payload can still be built."""
        mended = mends is not None and self._mends
        self._mended += mended
        if not (mended and self._silent) and self._recorder.wants(mended):
            self._add(rule, path, value, expected, mends if mended else None)
        return mended

    def _mistyped(
        self, path: Path, value: Any, expected: str, *, mends: Repair | None = None
    ) -> bool:
        rule = Rule.NULL if value is None else Rule.TYPE
        return self._report(rule, path, value, expected, mends=mends)

    def _override(self, path: Path) -> Override | None:
        return self._overrides.get(render_path(path, pattern=True)) if self._overrides else None

    # Limits. Values beyond them are kept by the lenient mode; an override moves them.

    def _exceeds(
        self, rule: Rule, path: Path, value: Any, size: float, limit: float | None
    ) -> bool:
        """Returns whether a value exceeds an upper limit so that it cannot be used."""
        if limit is None or size <= limit:
            return False
        allowed = self._loosened(rule, path, limit)
        if size <= allowed:
            return self._allow(rule, path, value, limit)
        return not self._report(rule, path, value, allowed, mends=Repair.KEPT)

    def _is_below(
        self, rule: Rule, path: Path, value: Any, size: float, limit: float | None
    ) -> bool:
        """Returns whether a value is below a lower limit so that it cannot be used."""
        if limit is None or size >= limit:
            return False
        allowed = self._loosened(rule, path, limit)
        if size >= allowed:
            return self._allow(rule, path, value, limit)
        return not self._report(rule, path, value, allowed, mends=Repair.KEPT)

    def _loosened(self, rule: Rule, path: Path, limit: float) -> float:
        override = self._override(path)
        return limit if override is None else override.limit(rule, limit)

    def _allow(
        self,
        rule: Rule,
        path: Path,
        value: Any,
        expected: str | float | UnsetType = UNSET,
        *,
        seen: Path = None,
    ) -> bool:
        """Records an issue that an override allows, if it should be reported; returns False, as no
        rule is broken.
        """
        override = self._override(path)
        if override is not None and override.reported and self._recorder.wants(True):
            self._add(rule, seen or path, value, expected, Repair.ALLOWED)
        return False

    def _add(
        self,
        rule: Rule,
        path: Path,
        value: Any,
        expected: str | float | UnsetType,
        done: Repair | None,
    ) -> None:
        hidden = is_sensitive(self._sensitive, steps_of(path), self._root, value)
        where, repaired = self._where(path), done is not None
        self._recorder.add(Issue(where, rule, value, expected, repaired, hidden, done))

    def _where(self, path: Path) -> str:
        """Returns a path written as text, such as `$.a[0]`."""
        # Most issues share most of their path with the one before.
        if path is None:
            return "$"
        known = self._rendered.get(id(path))
        if known is not None:
            return known[1]
        text = self._where(path[0]) + render_step(path[1])
        if len(self._rendered) >= _RENDERED:
            self._rendered.clear()
        # The path is kept with its text, so that no other can have its identity meanwhile.
        self._rendered[id(path)] = path, text
        return text
