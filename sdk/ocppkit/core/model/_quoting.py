"""Quotes texts of a peer for messages and logs."""

__all__ = ["quoted"]


def quoted(text: str, most: int) -> str:
    """Returns a text in quotation marks, cut to a number of characters, with nothing that is not printable."""
    # repr escapes control characters, bidi marks and lone surrogates.
    return repr(text[:most]) + "..." if len(text) > most else repr(text)
