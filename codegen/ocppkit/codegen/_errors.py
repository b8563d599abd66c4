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
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        pointer: str | None = None,
        line: int | None = None,
        cure: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.pointer = pointer
        self.line = line
        self.cure = cure
        super().__init__(self._text())

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
        )
        return make, ()

    def _text(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
        if self.pointer is not None:
            place += f"#{self.pointer}"
        text = f"{place}: {self.problem}" if place else self.problem
        return f"{text}\n  cure: {self.cure}" if self.cure else text
