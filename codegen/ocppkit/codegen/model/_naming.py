"""Makes Python names of JSON names: for fields, enum members, modules and methods.

Theory of operation: a JSON name is first split at every character that is no ASCII letter or digit. A
part in one case is one word (`L2TP`, `s309`, `language1`). A part in mixed case is split where a capital
letter begins a word: a run of capitals is one word (`EVConnected` is `EV`, `Connected`), and digits belong to
the word before them (`Level1`). `WORDS` lists the spellings that this rule would split wrongly.

These names are the public API of every generated package. Do not change an entry of `WORDS` or of the
reserved names without a deprecation: it renames something that users call.
"""

import re
import unicodedata
from keyword import iskeyword

__all__ = ["class_name", "field_name", "member_name", "module_name", "open_field_name"]


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS = (
    # Vehicle, battery and grid.
    _word_set("V2X v2x V2G20 V2G v2g V2H v2h V2L v2l V2B v2b SoC soC SoH soH RoCoF RCL PnC")
    # Ids and plurals: capitals with a small letter among them.
    | _word_set("eMAID eMAIDs EMAIDs eMSP EVSEs EVs IDs URLs URIs")
    # Standards and protocols; 15118 stands alone in Get15118EVCertificate.
    | _word_set(
        "ISO15118 Iso15118 iso15118 15118 IKEv2 IPSec IPsec IPv4 IPv6 OAuth OAuth2 mTLS WiFi"
    )
    # Units, and the ratings of sockets.
    | _word_set("kWh KWh MWh kW kVA kVAr kVArh VAr VArh kHz 1P 3P 1Ph 3Ph 16A 32A")
    # Slips of the specifications: IdleTIme in 2.1, DeAuthorized beside Deauthorized in 2.x.
    | _word_set("TIme DeAuthorized")
)
"""Spellings that are one word, although they have capital letters or digits inside."""

KEYWORDS = _word_set("""
    and as assert async await break class continue def del elif else except finally for from global
    if import in is lambda nonlocal not or pass raise return try while with yield
""")
"""Python's keywords in lower case; a test compares them with the running Python's."""

FIELDS = (
    KEYWORDS
    # A field with such a name would hide a type or function that later lines of the class need.
    | _word_set("bool bytes datetime dict field float frozenset int list set str tuple")
    # Parameters of the methods that take the fields as keyword arguments.
    | _word_set("cls request self")
    # Attributes of pydantic's models: both flavours have the same names.
    | _word_set(
        "construct copy from_msgspec from_orm json parse_file parse_obj parse_raw schema schema_json"
    )
    | _word_set(
        "to_msgspec update_forward_refs validate model_computed_fields model_config model_construct"
    )
    | _word_set("model_copy model_dump model_dump_json model_extra model_fields model_fields_set")
    | _word_set("model_json_schema model_parametrized_name model_post_init model_rebuild")
    | _word_set("model_validate model_validate_json model_validate_strings")
)
"""Names that a field must not have: it gets a trailing underscore. `type` and `id` are allowed."""

OPTIONS = "call_"
"""The prefix of options such as `call_timeout`; a field with this prefix gets a trailing underscore."""

OPEN_OBJECTS = _word_set("""
    as_vendor_data clear copy from_members from_vendor_data fromkeys get items keys members pop
    popitem setdefault update values
""")
"""Names that a property of an open object must not have, because such an object is also a dictionary."""

METHODS = KEYWORDS | _word_set("""
    accepted add_handlers block_access boot call clock_offset close close_replaced closed connected
    connection controls count_undelivered disconnect dropped events handshake heartbeat_interval identity keep
    last_received limits now on open options peer protocol queue_all_messages queued_severity
    reconnect refuse_result remote_address restart run security_event send served set_ping_interval
    start status stop subprotocol undelivered use_policies version wait wait_accepted
    wait_disconnected
""")
"""Names of attributes of the role classes; the module and method of an action with such a name get an underscore."""

_WORD_OF_LIST = f"(?:{'|'.join(sorted(WORDS, key=lambda word: (-len(word), word)))})(?![a-z])"
_DIGITS = f"(?:(?!{_WORD_OF_LIST})[0-9]+)?"
_WORD = re.compile(f"{_WORD_OF_LIST}|[A-Z]+(?![a-z]){_DIGITS}|[A-Z]?[a-z]+{_DIGITS}|[0-9]+")
_CHUNK = re.compile("[A-Za-z0-9]+")
_CLASS = re.compile("[A-Za-z][A-Za-z0-9_]*")


def class_name(definition: str) -> str:
    """Returns the class name for a definition of the schemas: the same name, if Python allows it.

    `15118EVStatusType` becomes `Type15118EVStatusType`, and `charging-station` `ChargingStation`.
    """
    if _CLASS.fullmatch(definition) and not iskeyword(definition):
        return definition
    words = _CHUNK.findall(unicodedata.normalize("NFKD", definition))
    if not words:
        words = [f"U{ord(character):04x}" for character in definition] or ["Empty"]
    name = "".join(f"{word[0].upper()}{word[1:]}" for word in words)
    return f"Type{name}" if name[0].isdigit() or iskeyword(name) else name


def field_name(wire: str) -> str:
    """Returns the Python name of a property: `maxSoC` becomes `max_soc`, `from` becomes `from_`."""
    name = _snake_case(wire, "field")
    return f"{name}_" if name in FIELDS or name.startswith(OPTIONS) else name


def open_field_name(wire: str) -> str:
    """Returns the Python name of a property of an open object; it does not hide a method of `dict`."""
    name = field_name(wire)
    return f"{name}_" if name in OPEN_OBJECTS else name


def member_name(value: str) -> str:
    """Returns the Python name of an enum value: `Energy.Active.Net` becomes `ENERGY_ACTIVE_NET`."""
    return _snake_case(value, "word").upper()


def module_name(action: str) -> str:
    """Returns the name of the module and method of an action: `AFRRSignal` becomes `afrr_signal`."""
    name = _snake_case(action, "action")
    return f"{name}_" if name in METHODS else name


def _snake_case(wire: str, prefix: str) -> str:
    """Returns the words of a JSON name in lower case, joined by underscores.

    A name that would start with a digit gets the prefix. A name without any ASCII letter or digit is
    written with the numbers of its characters. So every text has a name, and always the same.
    """
    plain = unicodedata.normalize("NFKD", wire)
    words = [word for chunk in _CHUNK.findall(plain) for word in _split_words(chunk)]
    if not words:
        words = [prefix, *([f"u{ord(character):04x}" for character in wire] or ["empty"])]
    elif words[0][0].isdigit():
        words = [prefix, *words]
    return "_".join(words).lower()


def _split_words(chunk: str) -> list[str]:
    if chunk.islower() or chunk.isupper() or chunk.isdigit():
        return [chunk]
    return _WORD.findall(chunk)
