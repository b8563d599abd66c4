"""Reads a client certificate that a proxy has put into a header.

The result has the form of `ssl.SSLSocket.getpeercert`, as far as authenticators need it. The proxy
has verified the certificate; here only names and dates are read, by as much of DER (ITU-T X.690) as
that takes, because the standard library parses certificates only inside a TLS connection.
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

__all__ = ["BadCertificate", "read_certificate"]

_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"

_INTEGER: Final = 0x02
_OBJECT_ID: Final = 0x06
_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_VERSION: Final = 0xA0

_NAMES: Final = {
    bytes.fromhex("550403"): "commonName",
    bytes.fromhex("550405"): "serialNumber",
    bytes.fromhex("550406"): "countryName",
    bytes.fromhex("550407"): "localityName",
    bytes.fromhex("550408"): "stateOrProvinceName",
    bytes.fromhex("55040a"): "organizationName",
    bytes.fromhex("55040b"): "organizationalUnitName",
    bytes.fromhex("0992268993f22c640119"): "domainComponent",
}
"""Attributes of a distinguished name by their object identifier, RFC 4519."""

_TEXTS: Final = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
"""Encodings of the kinds of text that a name may consist of."""


class BadCertificate(ValueError):
    """Raised when a text does not contain a certificate."""


class _Element(NamedTuple):
    tag: int
    content: bytes


def read_certificate(text: str) -> Mapping[str, Any]:
    """Returns the certificate in the value of a header.

    Proxies write it as PEM with URL escapes (nginx, `$ssl_client_escaped_cert`), as PEM without its
    first and last line (Traefik; of a chain the first is taken), as base64 of DER (HAProxy), or as
    that between colons (RFC 9440).

    Raises:
        BadCertificate: the value is none of these.
    """
    try:
        return _fields(b64decode(_base64_in(unquote(text)), validate=True))
    except (Error, IndexError, UnicodeDecodeError, LookupError) as problem:
        raise BadCertificate(f"it is not an X.509 certificate ({type(problem).__name__})") from None


def _base64_in(text: str) -> str:
    body = text.strip().strip(":")
    if _BEGIN in body:
        body = body.partition(_BEGIN)[2].partition(_END)[0]
    return "".join(body.partition(",")[0].split())


def _fields(der: bytes) -> dict[str, Any]:
    (certificate,) = _exactly(_elements(der), 1)
    fields = list(_elements(_content(_first(certificate, _SEQUENCE), _SEQUENCE)))
    if fields[0].tag == _VERSION:
        fields = fields[1:]
    serial_number, _, issuer, _, subject = fields[:5]
    return {
        "subject": _name(subject),
        "issuer": _name(issuer),
        "serialNumber": _serial_as_hex(_content(serial_number, _INTEGER)),
    }


def _first(element: _Element, tag: int) -> _Element:
    return next(_elements(_content(element, tag)))


def _name(element: _Element) -> tuple[tuple[tuple[str, str], ...], ...]:
    relative = _elements(_content(element, _SEQUENCE))
    return tuple(tuple(map(_attribute, _elements(_content(each, _SET)))) for each in relative)


def _attribute(element: _Element) -> tuple[str, str]:
    kind, value = _exactly(_elements(_content(element, _SEQUENCE)), 2)
    encoding = _TEXTS.get(value.tag)
    if encoding is None:
        raise BadCertificate("a name in the certificate is not text")
    identifier = _content(kind, _OBJECT_ID)
    return _NAMES.get(identifier, identifier.hex()), value.content.decode(encoding)


def _serial_as_hex(number: bytes) -> str:
    digits = f"{int.from_bytes(number, signed=True):X}"
    return digits if len(digits) % 2 == 0 else f"0{digits}"


def _content(element: _Element, tag: int) -> bytes:
    if element.tag != tag:
        raise BadCertificate("it is not an X.509 certificate (unexpected DER structure)")
    return element.content


def _exactly(elements: Iterator[_Element], count: int) -> list[_Element]:
    found = list(elements)
    if len(found) != count:
        raise BadCertificate("it is not an X.509 certificate (unexpected DER structure)")
    return found


def _elements(data: bytes) -> Iterator[_Element]:
    """Yields the elements of a DER sequence."""
    place = 0
    while place < len(data):
        tag, size = data[place], data[place + 1]
        place += 2
        if size & 0x80:
            octets = size & 0x7F
            size = int.from_bytes(data[place : place + octets])
            place += octets
        if place + size > len(data):
            raise BadCertificate("the certificate is cut off")
        yield _Element(tag, data[place : place + size])
        place += size
