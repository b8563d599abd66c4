"""The list of findings that are still allowed; it can only become shorter."""

import json
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .docstrings import imperative_docstrings
from .names import repeated_classes, repeated_modules
from .old_terms import old_terms
from .sources import python_sources, text_sources

__all__ = ["ALLOWED", "KNOWN", "Findings", "common", "dump", "findings", "listed", "without"]

Findings = dict[str, dict[str, list[str]]]
"""Findings by check and path."""

KNOWN = Path(__file__).with_name("known.toml")
ALLOWED = Path(__file__).with_name("allowed.toml")


@cache
def findings() -> Findings:
    """Runs all checks over the repository."""
    allowed: dict[str, dict[str, str]] = tomllib.loads(ALLOWED.read_text("utf-8"))
    modules = python_sources()
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path, finding in repeated_modules(modules, allowed["modules"]):
        found["names"][path].append(finding)
    for path, finding in repeated_classes(modules, allowed["classes"]):
        found["names"][path].append(finding)
    for source in modules:
        found["docstrings"][source.path].extend(imperative_docstrings(source))
    for source in text_sources():
        found["old_terms"][source.path].extend(old_terms(source))
    return {check: _sorted(by_path) for check, by_path in found.items()}


def _sorted(by_path: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {path: sorted(set(each)) for path, each in sorted(by_path.items()) if each}


def listed() -> Findings:
    """Returns the findings that are still allowed."""
    return tomllib.loads(KNOWN.read_text("utf-8"))


def without(some: Findings, others: Findings) -> Findings:
    """Returns what the first has and the second has not."""
    rest: Findings = {}
    for check, by_path in some.items():
        for path, each in by_path.items():
            left = [one for one in each if one not in others.get(check, {}).get(path, [])]
            if left:
                rest.setdefault(check, {})[path] = left
    return rest


def common(some: Findings, others: Findings) -> Findings:
    """Returns what both have."""
    return without(some, without(some, others))


def dump(known: Findings) -> str:
    """Returns the list as TOML."""
    lines = [
        "# Findings that are still there. New ones are mended, not added; `python -m house` shortens it."
    ]
    for check in sorted(known):
        lines += ["", f"[{check}]"]
        for path, each in sorted(known[check].items()):
            lines.append(f"{json.dumps(path)} = {json.dumps(sorted(each))}")
    return "\n".join(lines) + "\n"
