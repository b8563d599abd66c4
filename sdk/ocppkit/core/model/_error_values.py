"""Converts errors to plain values and back, so that they can be sent to another process as JSON or
msgpack.

Theory of operation: a value has the names of the error's class and of its base classes, its arguments
and its attributes. A process that does not know the class, because its version of ocppkit is older
or because it does not load the module, makes the nearest base class that it knows. What JSON
cannot hold (bytes, members of enums, integers above 64 bits) is an object whose member `$` names
its kind. No value makes a process import a module or call a function of the sender's choice, as pickle
would.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from math import isfinite
from typing import Any, Final, TypeGuard, cast

from msgspec import UNSET
from msgspec.structs import asdict

from ._errors import OcppError
from ._failures import Failure
from ._issues import Issue, Issues, Rule
from ._json import is_list, is_object
from ._protocol import ErrorCode
from ._repairs import Repair

__all__ = ["error_from_value", "error_to_value"]

_KIND: Final = "$"
"""The member that names the kind of a value which is not plain."""

_WORD_BITS: Final = 64

_ENUMS: Final[Mapping[str, type[Enum]]] = {
    enum.__name__: enum for enum in (ErrorCode, Failure, Repair, Rule)
}


def error_to_value(error: OcppError) -> dict[str, Any]:
    """Returns an error as a plain value of dictionaries, lists, texts, numbers, booleans and
    `None`.

    Its cause and traceback are left out. An attribute of an error of your own that is not data is
    replaced by a text that names its type.
    """
    return {
        "error": [_name_of(kind) for kind in type(error).__mro__ if issubclass(kind, OcppError)],
        "args": [_to_value(each) for each in error.args],
        "attributes": {name: _to_value(value) for name, value in vars(error).items()},
    }


def error_from_value(value: object) -> OcppError:
    """Returns the error of a plain value that `error_to_value` made; class, text and attributes are
    the same.

    If the class is not known in this process, the error is of the nearest base class that is.

    Raises:
        ValueError: the value was not made by `error_to_value`.
    """
    try:
        return _error_of(cast(Any, value))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as problem:
        raise ValueError(
            f"the value is not one of an error: {type(problem).__name__}: {problem}"
        ) from problem


def _error_of(value: Any) -> OcppError:
    known = {_name_of(kind): kind for kind in _classes(OcppError)}
    kind = next((known[name] for name in value["error"] if name in known), OcppError)
    error = kind.__new__(kind)
    error.args = tuple(_from_value(each) for each in value["args"])
    vars(error).update({str(name): _from_value(v) for name, v in value["attributes"].items()})
    # The text of an error is made of these: an error without them could not be logged.
    str(error)
    return error


def _classes(base: type[OcppError]) -> Iterator[type[OcppError]]:
    yield base
    for each in base.__subclasses__():
        yield from _classes(each)


def _name_of(kind: type[OcppError]) -> str:
    # Modules of ocppkit are private: they may be others in another version.
    ours = kind.__module__.startswith("ocppkit.")
    return kind.__qualname__ if ours else f"{kind.__module__}.{kind.__qualname__}"


def _to_value(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case Enum() if type(value).__name__ in _ENUMS:
            return {_KIND: type(value).__name__, "value": value.value}
        case int():
            short = value.bit_length() < _WORD_BITS
            # Not as decimals: Python reads no more than 4300 of them.
            return int(value) if short else {_KIND: "int", "value": hex(value)}
        case float():
            return float(value) if isfinite(value) else {_KIND: "float", "value": repr(value)}
        case str():
            # Also of an enum of the program's, whose `str` may say something else.
            return _text_value(str.__str__(value))
        case bytes():
            return {_KIND: "bytes", "value": b64encode(value).decode()}
        case Issues():
            return {_KIND: "Issues", "value": [*map(_to_value, value)], "omitted": value.omitted}
        case Issue():
            return {_KIND: "Issue", "value": {k: _to_value(v) for k, v in asdict(value).items()}}
        case _ if _is_tuple(value):
            return {_KIND: "tuple", "value": [*map(_to_value, value)]}
        case _ if is_list(value):
            return [*map(_to_value, value)]
        case _ if _is_mapping(value):
            return _object_value(value)
        case _ if value is UNSET:
            return {_KIND: "unset"}
        case _:
            return f"<{type(value).__qualname__}>"


def _text_value(text: str) -> Any:
    if _is_unicode(text):
        return text
    # JSON may have escapes of lone surrogates, which are no Unicode.
    raw = text.encode("utf-8", "surrogatepass")
    return {_KIND: "text", "value": b64encode(raw).decode()}


def _object_value(members: Mapping[Any, Any]) -> Any:
    names = [*map(_to_value, members)]
    values = [*map(_to_value, members.values())]
    if all(isinstance(name, str) and name != _KIND for name in names):
        return dict(zip(names, values, strict=True))
    return {_KIND: "object", "value": [*map(list, zip(names, values, strict=True))]}


def _is_tuple(value: Any) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(value, tuple)


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _from_value(value: Any) -> Any:
    if is_list(value):
        return [*map(_from_value, value)]
    if not is_object(value):
        return value
    if _KIND not in value:
        return {name: _from_value(each) for name, each in value.items()}
    kind, inner = value[_KIND], value.get("value")
    if kind in _ENUMS:
        return _member_of(_ENUMS[kind], inner)
    return _SPECIAL[kind](inner, value)


def _member_of(enum: type[Enum], value: Any) -> Any:
    try:
        return enum(value)
    except ValueError:
        # The sender's version of ocppkit has more members.
        return value


def _issue_of(inner: Any) -> Issue:
    known = set(Issue.__struct_fields__)
    return Issue(**{name: _from_value(each) for name, each in inner.items() if name in known})


_SPECIAL: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], Any]]] = {
    "Issue": lambda inner, _: _issue_of(inner),
    "Issues": lambda inner, members: Issues(map(_from_value, inner), int(members["omitted"])),
    "bytes": lambda inner, _: b64decode(inner),
    "float": lambda inner, _: float(inner),
    "int": lambda inner, _: int(inner, 16),
    "object": lambda inner, _: {_from_value(name): _from_value(each) for name, each in inner},
    "text": lambda inner, _: b64decode(inner).decode("utf-8", "surrogatepass"),
    "tuple": lambda inner, _: tuple(map(_from_value, inner)),
    "unset": lambda inner, _: UNSET,
}
"""How each kind of value that is not plain is read, from its `value` and all its members."""
