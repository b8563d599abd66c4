"""The password of a station for Basic authentication, which a CSMS can write. [A01]"""

from .._commands_and_reports import Event
from ._declared_variables import ValueRefusal
from ._standard_settings import VariableRules

__all__ = ["BasicAuthPasswordChanged", "password_of", "password_refusal"]


class BasicAuthPasswordChanged(Event, frozen=True, kw_only=True):
    """Event: the CSMS has written another password. The station uses it from the next connection
    on. # A01
    """

    password: str | bytes
    """Bytes where the version writes them as hexadecimal digits (1.6)."""

    def __repr__(self) -> str:
        """Returns the name of the event only, without the password."""
        return "BasicAuthPasswordChanged(***)"


def password_refusal(text: str, rules: VariableRules) -> ValueRefusal | None:
    """Returns the reason why a text cannot be the password, or `None`. # A01.FR.03"""
    least, most = rules.password_size
    if not least <= len(text) <= most:
        return ValueRefusal(f"the password must have {least} to {most} characters")
    if rules.hexadecimal_password:
        try:
            bytes.fromhex(text)
        except ValueError:
            return ValueRefusal("the password must be hexadecimal digits")
    return None


def password_of(text: str, rules: VariableRules) -> str | bytes:
    """Returns the password that a text stands for."""
    return bytes.fromhex(text) if rules.hexadecimal_password else text
