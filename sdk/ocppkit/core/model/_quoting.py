"""Quotes texts of a peer in error messages and logs."""

__all__ = ["quoted"]


def quoted(text: str, most: int) -> str:
    """Returns a text in quotation marks, with a limited number of characters, all of them
    printable.
    """
    # repr escapes control characters, bidi marks and lone surrogates.
    return repr(text[:most]) + "..." if len(text) > most else repr(text)
