"""The exception of the generator, and the hint that its cures share."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial

__all__ = ["CodegenError", "did_you_mean", "similar_names"]


def did_you_mean(
    name: str, known: Iterable[str], otherwise: str, *, most: int = 1, cutoff: float = 0.6
) -> str:
    """Returns a cure for an unknown name: the known names that are spelled alike.

    Args:
        name: the name that the user wrote.
        known: the names that would have been right.
        otherwise: the cure if no known name is similar.
        most: how many names to suggest at most.
        cutoff: as of `similar_names`.
    """
    similar = similar_names(name, known, most=most, cutoff=cutoff)
    return f"did you mean {' or '.join(map(repr, similar))}?" if similar else otherwise


def similar_names(
    name: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.6
) -> list[str]:
    """Returns the known names that are spelled like an unknown one, the most similar first.

    Upper and lower case count as alike.

    Args:
        name: the name that the user wrote.
        known: the names that would have been right.
        most: how many names to return at most.
        cutoff: how similar a name must be, from 0 to 1; see `difflib.get_close_matches`.
    """
    by_lower_case = {each.lower(): str(each) for each in sorted(known, reverse=True)}
    close = get_close_matches(name.lower(), by_lower_case, n=most, cutoff=cutoff)
    return [by_lower_case[each] for each in close]


class CodegenError(Exception):
    """Raised for wrong input: a schema, a fact, an erratum, a template or an output folder.

    Nothing has been written when it is raised. The command line prints it and exits with status 2.

    Args:
        problem: what is wrong, in one sentence without a full stop.
        file: the file with the problem, as the user named it.
        pointer: the JSON pointer of the problem in that file, such as `/properties/status`.
        line: the line of the problem, in files without pointers (templates, broken JSON).
        cure: what the user can do about it.
        change: the wrong value and the right one, if replacing one value solves the problem. The command
            line prints the pair as an entry for a file of errata or corrections.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        pointer: str | None = None,
        line: int | None = None,
        cure: str | None = None,
        change: tuple[object, object] | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.pointer = pointer
        self.line = line
        self.cure = cure
        self.change = change
        super().__init__(self._full_text())

    def with_cure(self, cure: str) -> "CodegenError":
        """Returns a copy of the error with another cure."""
        return CodegenError(
            self.problem,
            file=self.file,
            pointer=self.pointer,
            line=self.line,
            cure=cure,
            change=self.change,
        )

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions pickle as their class and arguments, and ours are keywords. The generator runs in
        # several processes at once.
        make = partial(
            CodegenError,
            self.problem,
            file=self.file,
            pointer=self.pointer,
            line=self.line,
            cure=self.cure,
            change=self.change,
        )
        return make, ()

    def _full_text(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
        if self.pointer:
            place += f"#{self.pointer}"
        text = f"{place}: {self.problem}" if place else self.problem
        return f"{text}\n  cure: {self.cure}" if self.cure else text
