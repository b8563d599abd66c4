"""Tokens and what is said about them: comparison, and the words of each version."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks.transactions import AdditionalInfo, IdToken, MessageContent, TokenInfo
from ocppkit.core import InvalidOutgoing, LocalProtocolError, decode_payload, encode_payload
from ocppkit.v16.blocks import tokens as tokens16
from ocppkit.v21.blocks import tokens as tokens21
from ocppkit.v201.blocks import tokens as tokens201

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
EVSES = [
    pytest.param(v201, tokens201, id="2.0.1"),
    pytest.param(v21, tokens21, id="2.1"),
]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (IdToken("04e91c5a", "ISO14443"), IdToken("04E91C5A", "ISO14443"), True),
        (IdToken("04E91C5A", "ISO14443"), IdToken("04E91C5A", "ISO15693"), False),
        (IdToken("04E91C5A", "ISO14443"), IdToken("04E91C5B", "ISO14443"), False),
        (IdToken("04E91C5A"), IdToken("04E91C5A", "ISO14443"), True),
        (
            IdToken("04E91C5A", "Local", (AdditionalInfo("7", "PIN"),)),
            IdToken("04E91C5A", "Local"),
            True,
        ),
    ],
)  # AUT-05, AUT-06
def test_tokens_are_compared_without_case_and_additional_info(
    one: IdToken, other: IdToken, same: bool
) -> None:
    assert one.is_same_as(other) is same
    assert other.is_same_as(one) is same


def test_a_code_that_was_typed_in_is_not_shown() -> None:  # C04
    info = TokenInfo(status="Accepted", group_id_token=IdToken("1234", "KeyCode"))
    assert "1234" not in repr(info)
    assert repr(IdToken("04E91C5A", "ISO14443")) == "IdToken('04E91C5A', 'ISO14443')"


@pytest.mark.parametrize(("version", "tokens"), EVSES)
def test_a_token_and_what_is_said_about_it_of_2x(version: Any, tokens: Any) -> None:
    token = IdToken("04E91C5A", "ISO14443", (AdditionalInfo("7", "PIN"),))
    info = TokenInfo(
        status="NoCredit",
        cache_expiry_date_time=NOON,
        group_id_token=IdToken("FLEET", "Central"),
        evse_id=(1, 2),
        charging_priority=0,
        language1="en",
        language2="de",
        personal_message=MessageContent(format="UTF8", content="Hello", language="en"),
    )
    request = version.AuthorizeRequest(id_token=tokens.write_token(token))
    request = decode_payload(version.AuthorizeRequest, encode_payload(request))
    assert tokens.read_token(request.id_token) == token
    response = version.AuthorizeResponse(id_token_info=tokens.write_token_info(info))
    response = decode_payload(version.AuthorizeResponse, encode_payload(response))
    assert tokens.read_token_info(response.id_token_info) == info
    bare = TokenInfo(status="Accepted")
    assert tokens.read_token_info(tokens.write_token_info(bare)) == bare
    with pytest.raises(LocalProtocolError, match="must have a type"):
        tokens.write_token(IdToken("04E91C5A"))


@pytest.mark.parametrize(("version", "tokens"), EVSES)
def test_a_status_that_no_version_has_is_found_when_it_is_sent(version: Any, tokens: Any) -> None:
    response = version.AuthorizeResponse(
        id_token_info=tokens.write_token_info(TokenInfo(status="Perhaps"))
    )
    with pytest.raises(InvalidOutgoing):
        encode_payload(response)


@pytest.mark.parametrize(
    ("status", "said"),
    [("Accepted", "Accepted"), ("ConcurrentTx", "ConcurrentTx"), ("NoCredit", "Invalid")],
)
def test_what_is_said_about_a_tag_of_1_6(status: str, said: str) -> None:
    info = TokenInfo(
        status=status, cache_expiry_date_time=NOON, group_id_token=IdToken("FLEET"), evse_id=(1,)
    )
    response = v16.AuthorizeResponse(id_tag_info=tokens16.write_token_info(info))
    response = decode_payload(v16.AuthorizeResponse, encode_payload(response))
    assert tokens16.read_token_info(response.id_tag_info) == TokenInfo(
        status=said, cache_expiry_date_time=NOON, group_id_token=IdToken("FLEET")
    )
