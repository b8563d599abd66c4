"""What tells who charges is replaced, by words of the same form, and valid frames stay valid."""

import json
import re
from typing import Any

import pytest

from corpus.nodes import tree
from corpus.runner import message_class
from corpus.samples import maximal, minimal
from corpus.sources import VERSIONS, sources
from ocppkit import v16, v21, v201
from ocppkit.core import LocalProtocolError, Protocol, Response, decode_payload
from ocppkit.tools import Anonymiser, Inspector, LoggedFrame, log_line

KEY = b"a key for these tests only"


def anonymised(payload: object, protocol: Protocol = v16.PROTOCOL, action: str = "X") -> Any:
    text = Anonymiser(KEY).frame(json.dumps([2, "1", action, payload]), protocol)
    assert text is not None
    kind, message_id, name, done = json.loads(text)
    assert (kind, message_id, name) == (2, "1", action)
    return done


@pytest.mark.parametrize("version", VERSIONS)
def test_valid_payloads_stay_valid(version: str) -> None:
    protocol = {"v16": v16, "v201": v201, "v21": v21}[version].PROTOCOL
    anonymiser = Anonymiser(KEY)
    changed = 0
    for source in sources(version):
        cls = message_class(source)
        for sample in (minimal, maximal):
            payload = sample(tree(source))
            before = decode_payload(cls, payload)
            head = '[3,"1"' if issubclass(cls, Response) else '[2,"1","X"'
            text = anonymiser.frame(f"{head},{payload}]", protocol)
            assert text is not None
            after = decode_payload(cls, json.dumps(json.loads(text)[-1]))
            changed += before != after
    assert changed > 10


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("04E91C5A", r"[0-9A-F]{8}"),
        ("04e91c5a", r"[0-9a-f]{8}"),
        ("12345678", r"\d{8}"),
        ("DE-8AA-CA2B3C4D5-L", r"[A-Z]{2}-\d[A-Z]{2}-[A-Z]{2}\d[A-Z]\d[A-Z]\d[A-Z]\d-[A-Z]"),
        ("Zoë's tag", r"[A-Z][a-z]x'[a-z] [a-z]{3}"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", r"-----BEGIN CERTIFICATE-----\n[A-Z]{4}\n-----END CERTIFICATE-----"),
    ],
)  # fmt: skip
def test_a_word_keeps_its_form(word: str, form: str) -> None:
    made = Anonymiser(KEY).word(word)
    assert re.fullmatch(form, made)
    assert made != word


def test_the_same_word_has_the_same_replacement_with_the_same_key_only() -> None:
    first, second = Anonymiser(KEY), Anonymiser(KEY)
    assert first.word("04E91C5A") == first.word("04E91C5A") == second.word("04E91C5A")
    assert Anonymiser().word("04E91C5A") != Anonymiser().word("04E91C5A")
    # Id tags are compared without regard to case.
    assert first.word("04e91c5a") == first.word("04E91C5A").lower()
    assert (first.word(""), first.word("***")) == ("", "***")


def test_different_words_get_different_replacements() -> None:
    anonymiser = Anonymiser(KEY)
    words = [f"{number:04}" for number in range(2000)]
    assert len({anonymiser.word(word) for word in words}) == 2000
    # Of two letters there are fewer than words: it goes on all the same.
    assert {len(Anonymiser(KEY).word(word)) for word in ("1", "a", "Z")} == {1}
    tiny = Anonymiser(KEY)
    assert all(len(tiny.word(str(number))) == 1 for number in range(10))


def test_a_short_key_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="key of 5 bytes"):
        Anonymiser(b"short")


@pytest.mark.parametrize(
    ("protocol", "payload"),
    [
        (v16.PROTOCOL, {"idTag": "SECRETWORD", "parentIdTag": "SECRETWORD"}),
        (v16.PROTOCOL, {"chargePointSerialNumber": "SECRETWORD", "iccid": "SECRETWORD"}),
        (v16.PROTOCOL, {"key": "AuthorizationKey", "value": "SECRETWORD"}),
        (v16.PROTOCOL, {"vendorId": "v", "data": "SECRETWORD"}),
        (v16.PROTOCOL, {"data": '{"a": ["SECRETWORD"], "n": 1}'}),
        (v16.PROTOCOL, {"info": '{"idTag": "SECRETWORD"}'}),
        (v16.PROTOCOL, {"location": "ftp://SECRETWORD:SECRETWORD@host/x?token=SECRETWORD"}),
        (v201.PROTOCOL, {"idToken": {"idToken": "SECRETWORD", "type": "Central"}}),
        (v201.PROTOCOL, {"chargingStation": {"serialNumber": "SECRETWORD", "model": "M"}}),
        (v201.PROTOCOL, {"data": {"deep": [{"er": "SECRETWORD"}]}}),
        (v201.PROTOCOL, {"variable": {"name": "BasicAuthPassword"}, "attributeValue": "SECRETWORD"}),
        (v201.PROTOCOL, {"csr": "SECRETWORD", "certificateChain": "SECRETWORD"}),
        (v21.PROTOCOL, {"basicAuthPassword": "SECRETWORD", "address1": "SECRETWORD"}),
    ],
)  # fmt: skip
def test_what_is_sensitive_is_replaced_wherever_it_stands(protocol: Protocol, payload: Any) -> None:
    done = anonymised(payload, protocol)
    assert "SECRETWORD" not in json.dumps(done)
    assert len(json.dumps(done)) <= len(json.dumps(payload))


def test_everything_else_stays() -> None:
    payload = {
        "connectorId": 1,
        "meterValue": [{"sampledValue": [{"value": "16.0", "unit": "A"}]}],
        "key": "HeartbeatInterval",
        "value": "300",
        "text": '[1, 2,  "kept as it is"]',
        "url": "https://host/path",
        "certificateType": "V2G",
        "idTagInfo": {"status": "Accepted"},
        "idTag": None,
        "customData": {"vendorId": "x", "flag": True},
    }
    assert anonymised(payload) == payload
    token = {"idToken": {"idToken": "AB12", "type": "Central"}}
    assert anonymised(token, v201.PROTOCOL)["idToken"]["type"] == "Central"


def test_numbers_are_replaced_by_numbers_of_their_length() -> None:
    done = anonymised({"idTag": 12345678, "data": {"a": -42, "b": 1.5, "c": 0}})
    assert isinstance(done["idTag"], int)
    assert len(str(done["idTag"])) == 8
    assert (done["idTag"], done["data"]["a"]) != (12345678, -42)
    assert -99 <= done["data"]["a"] <= -10
    assert done["data"]["b"] == 1.5


def test_the_text_of_an_error_does_not_tell_a_word_that_was_replaced() -> None:
    anonymiser = Anonymiser(KEY)
    anonymiser.frame('[2,"1","Authorize",{"idTag":"04E91C5A"}]', v16.PROTOCOL)
    text = anonymiser.frame(
        '[4,"1","GenericError","unknown tag 04E91C5A!",{"idTag":"04E91C5A"}]', v16.PROTOCOL
    )
    assert text is not None
    assert "04E91C5A" not in text
    assert "unknown tag" in text


@pytest.mark.parametrize(
    "text", ["PING 04E91C5A", '{"idTag":"04E91C5A"}', '[2,"1","A",{"idTag":"04', "[" * 9999]
)
def test_what_is_no_array_is_not_shown(text: str) -> None:
    assert Anonymiser(KEY).frame(text, v16.PROTOCOL) is None


def inspected_line(text: str, **options: bool) -> str | None:
    frame = Inspector(versions=["1.6"]).add(
        LoggedFrame(text=text, source="x", line=1, station="CP001")
    )
    done = Anonymiser(KEY).inspected_frame(frame, **options)
    return None if done is None else log_line(done)


def test_a_frame_of_a_log_is_written_again_with_replacements() -> None:
    text = '[2,"CP001-1","Authorize",{"idTag":"04E91C5A"}]'
    line = inspected_line(text)
    assert line is not None
    assert re.fullmatch(r'CP001 < \[2,"CP001-1","Authorize",{"idTag":"[0-9A-F]{8}"}\]', line)
    # The message id has the name of the station, too.
    assert inspected_line(text, stations=True) == line.replace(
        "CP001", Anonymiser(KEY).word("CP001")
    )
    assert inspected_line("PING CP001") is None
