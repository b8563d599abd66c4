"""The one exception of the generator: what is wrong, where, and the cure."""

from functools import partial

__all__ = ["CodegenError"]


class CodegenError(Exception):
    """Input that the generator refuses: a schema, a fact, an erratum, a template or an output folder.

    Nothing was written when it is raised. The command line prints it and exits with status 2.

    Args:
        problem: what is wrong, in one sentence without a full stop.
        file: the file it is wrong in, as the user named it.
        pointer: the JSON pointer inside that file, such as `/properties/status`.
        line: the line inside that file, for files that have no pointers (templates, broken JSON).
        cure: what the user can do about it.
        change: the value at the pointer and the one that would be right, where a correction of one
            value mends it; the command line prints it as an entry that can be pasted.
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
        super().__init__(self._text())

    def with_cure(self, cure: str) -> "CodegenError":
        """Returns the same error with another cure."""
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

    def _text(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
        if self.pointer:
            place += f"#{self.pointer}"
        text = f"{place}: {self.problem}" if place else self.problem
        return f"{text}\n  cure: {self.cure}" if self.cure else text
