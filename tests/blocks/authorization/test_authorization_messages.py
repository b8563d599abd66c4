"""What messages of each version say about authorization, in both directions."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit.blocks import Command, CommandAnswer, dialect_of
from ocppkit.blocks.authorization import (
    AuthorizeReply,
    AuthorizeReport,
    ClearCache,
    ClearCacheAnswer,
    GetLocalListVersion,
    LocalListEntry,
    LocalListVersion,
    SendLocalList,
    SendLocalListAnswer,
)
from ocppkit.blocks.transactions import AdditionalInfo, IdToken, TokenInfo
from ocppkit.core import InvalidOutgoing, decode_payload, encode_payload
from support.token_reader import PROTOCOLS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OLD, NEW = ("1.6",), ("2.0.1", "2.1")
TAG = IdToken("04E91C5A")
CARD = IdToken("04E91C5A", "ISO14443", (AdditionalInfo("7", "PIN"),))
TAG_INFO = TokenInfo(status="Blocked", cache_expiry_date_time=NOON, group_id_token=IdToken("FLEET"))
CARD_INFO = TokenInfo(
    status="NotAtThisTime",
    cache_expiry_date_time=NOON,
    group_id_token=IdToken("FLEET", "Central"),
    evse_id=(1,),
)


def over_the_wire(message: Any) -> Any:
    return decode_payload(type(message), encode_payload(message))


@pytest.mark.parametrize("version", list(PROTOCOLS))
def test_the_csms_is_asked_about_a_token(version: str) -> None:  # C01
    dialect = dialect_of(PROTOCOLS[version])
    token, said = (TAG, TAG_INFO) if version == "1.6" else (CARD, CARD_INFO)
    (message,) = dialect.messages(AuthorizeReport(id_token=token, evse_id=2))
    request = over_the_wire(message)
    mapping = dialect.report_of[type(request)]
    assert mapping.read_request(request) == AuthorizeReport(id_token=token)
    reply = AuthorizeReply(id_token_info=said)
    response = over_the_wire(mapping.write_response(request, reply))
    assert mapping.read_response(response) == reply


def entries(version: str) -> tuple[LocalListEntry, ...]:
    token, said = (TAG, TAG_INFO) if version == "1.6" else (CARD, CARD_INFO)
    other = IdToken("04AAAAAA", token.type)
    return (
        LocalListEntry(id_token=token, id_token_info=said),
        LocalListEntry(id_token=other),
    )


@pytest.mark.parametrize("version", list(PROTOCOLS))
def test_a_local_list_is_sent(version: str) -> None:  # D01
    dialect = dialect_of(PROTOCOLS[version])
    mapping = dialect.request_of[SendLocalList]
    for sent in (entries(version), ()):
        command = SendLocalList(
            version_number=3, update_type="Differential", local_authorization_list=sent
        )
        request = over_the_wire(mapping.write_request(command))
        read = mapping.read_request(request)
        assert read.size == len(encode_payload(request))
        assert (read.version_number, read.update_type) == (3, "Differential")
        assert read.local_authorization_list == sent
    unknown = mapping.write_request(SendLocalList(version_number=3, update_type="Half"))
    with pytest.raises(InvalidOutgoing):
        encode_payload(unknown)


ANSWERS: list[tuple[Command[Any], CommandAnswer, CommandAnswer]] = [
    (
        SendLocalList(version_number=3, update_type="Full"),
        SendLocalListAnswer(status="Accepted"),
        SendLocalListAnswer(status="Accepted"),
    ),
    (
        SendLocalList(version_number=3, update_type="Full"),
        SendLocalListAnswer(
            status="Failed", reason_code="OutOfStorage", additional_info="too many"
        ),
        SendLocalListAnswer(status="Failed"),
    ),
    (
        SendLocalList(version_number=3, update_type="Full"),
        SendLocalListAnswer(status="VersionMismatch", reason_code="ValueTooLow"),
        SendLocalListAnswer(status="VersionMismatch"),
    ),
    (GetLocalListVersion(), LocalListVersion(version_number=0), LocalListVersion(version_number=0)),
    (ClearCache(), ClearCacheAnswer(status="Accepted"), ClearCacheAnswer(status="Accepted")),
    (
        ClearCache(),
        ClearCacheAnswer(status="Rejected", reason_code="NotEnabled"),
        ClearCacheAnswer(status="Rejected"),
    ),
]


@pytest.mark.parametrize("version", list(PROTOCOLS))
@pytest.mark.parametrize(("command", "answer", "answer_of_1_6"), ANSWERS)
def test_an_answer_arrives_as_it_was_given(
    version: str, command: Command[Any], answer: CommandAnswer, answer_of_1_6: CommandAnswer
) -> None:  # C11, D01, D02
    mapping = dialect_of(PROTOCOLS[version]).request_of[type(command)]
    request = over_the_wire(mapping.write_request(command))
    response = over_the_wire(mapping.write_response(request, answer))
    expected = answer_of_1_6 if version == "1.6" else answer
    assert mapping.read_response(command, response) == expected


@pytest.mark.parametrize(
    ("version", "status"), [("1.6", "NotSupported"), ("2.0.1", "Failed"), ("2.1", "Failed")]
)
def test_a_station_without_a_local_list_says_so(version: str, status: str) -> None:  # D01, LAL-09
    mapping = dialect_of(PROTOCOLS[version]).request_of[SendLocalList]
    command = SendLocalList(version_number=3, update_type="Full")
    request = mapping.write_request(command)
    answer = SendLocalListAnswer(status="NotSupported", reason_code="NotEnabled")
    response = over_the_wire(mapping.write_response(request, answer))
    assert mapping.read_response(command, response).status == status
