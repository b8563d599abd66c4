"""Draws the parts of the page anew."""

from . import PAGE, drawn

PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
