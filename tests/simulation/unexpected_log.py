"""Records of the log that nothing in a simulation explains."""

import logging
import re

__all__ = ["UnexpectedLog"]


class UnexpectedLog(logging.Handler):
    """Takes what is logged at WARNING and above and is not explained by what fails."""

    def __init__(self, expected: re.Pattern[str]) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        """What was logged."""

        self._expected = expected

    def emit(self, record: logging.LogRecord) -> None:
        """Notes a record."""
        text = self.format(record)
        if not self._expected.search(text):
            self.lines.append(f"logged: {record.levelname} {record.name} {text}"[:2000])
