"""The base classes of generated messages and datatypes.

Theory of operation: a message's type carries all that a type checker needs. Its base says who may
send it (`StationRequest`, `CsmsRequest`, or both for DataTransfer) and the base's parameter names
the response, so ``await station.call(request)`` and ``@csms.on(Request)`` are checked without a
table of overloads. Each OCPP version derives bases of its own from these, which keeps a 1.6 request
out of a 2.0.1 role.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Generic

from msgspec import Struct
from typing_extensions import TypeVar

__all__ = [
    "NOT_SENSITIVE",
    "NO_RULES",
    "CsmsRequest",
    "CsmsSend",
    "Message",
    "Payload",
    "PayloadRules",
    "Request",
    "Response",
    "Send",
    "Sensitive",
    "StationRequest",
    "StationSend",
    "reports_or_answers",
]


class Sensitive(Struct, frozen=True, kw_only=True):
    """The JSON names of the members of one version that have secret or personal values."""

    secret: frozenset[str] = frozenset()
    """Members that hold passwords, keys and PINs."""

    personal: frozenset[str] = frozenset()
    """Members that identify who charges or pays."""

    named_values: Mapping[str, str] = {}
    """Members whose value is secret if a sibling names a secret: the member to the sibling, as a path
    (`attributeValue` to `variable.name`)."""

    secret_names: tuple[str, ...] = ()
    """Names of secrets in such a sibling; it names one if it contains one of these, in any case."""

    harmless_in: frozenset[str] = frozenset()
    """Members whose objects have members of such names that never hold secrets: `sampledValue`."""


NOT_SENSITIVE: Final = Sensitive()
"""No sensitive members: the default of classes that belong to no version."""


class PayloadRules(Struct, frozen=True, kw_only=True):
    """Rules of one version about values, beyond its schemas."""

    integer_bits: int | None = None
    """The size of the integers that are sent, in two's complement; `None` for any. # VAL-02"""

    harmless_when_absent: frozenset[str] = frozenset()
    """Optional members, by name on the wire, without which a command of the CSMS does no more than
    with them: lenient reading may leave them out."""

    json_texts: frozenset[str] = frozenset()
    """Members whose text is often JSON: where a peer sends an object or a list, lenient reading
    takes its JSON text."""


NO_RULES: Final = PayloadRules()
"""The rules of classes that belong to no version."""


# gc=False: payloads are frozen trees and cannot form cycles; decoding is 10-25 % faster.
class Payload(
    Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """A JSON object of an OCPP schema: a message or a datatype inside one."""


class Message(Payload, kw_only=True, frozen=True):
    """The payload of one frame."""

    __ocpp_action__: ClassVar[str]
    """The name of the action on the wire."""

    __ocpp_sensitive__: ClassVar[Sensitive] = NOT_SENSITIVE
    """The members that the version keeps out of logs and errors."""

    __ocpp_rules__: ClassVar[PayloadRules] = NO_RULES
    """The rules of the version that its schemas do not state."""

    __ocpp_draft__: ClassVar[int] = 6
    """The JSON Schema draft of the schema: in draft 6 the number `1.0` is an integer, in draft 4
    (OCPP 1.6 core) it is not."""


class Response(Message, kw_only=True, frozen=True):
    """The payload of a CALLRESULT: the answer to a request."""


R_co = TypeVar("R_co", bound=Response, covariant=True, default=Response)


class Request(Message, Generic[R_co], kw_only=True, frozen=True):
    """The payload of a CALL; `R_co` is the class of its response."""

    # Only type checkers use the parameter. At run time a generic alias per action would cost more
    # than the class itself.
    if not TYPE_CHECKING:

        def __class_getitem__(cls, response: object) -> type:
            return cls


class StationRequest(Request[R_co], Generic[R_co], kw_only=True, frozen=True):
    """A request that a station (Charge Point, Charging Station) sends."""


class CsmsRequest(Request[R_co], Generic[R_co], kw_only=True, frozen=True):
    """A request that a CSMS (Central System) sends."""


class Send(Message, kw_only=True, frozen=True):
    """The payload of a SEND (OCPP 2.1), which is never answered."""


class StationSend(Send, kw_only=True, frozen=True):
    """A SEND of a station."""


class CsmsSend(Send, kw_only=True, frozen=True):
    """A SEND of a CSMS."""


def reports_or_answers(cls: type[Struct]) -> bool:
    """Returns whether a class of messages reports or answers, rather than commands; lenient reading
    may leave out members then.
    """
    is_report = issubclass(cls, Response | StationRequest | StationSend)
    # DataTransfer goes both ways.
    return is_report and not issubclass(cls, CsmsRequest | CsmsSend)
