"""Writers: payloads that need a dress get one, and no others do."""

from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from msgspec import Meta

from ocppkit import v16, v201
from ocppkit.core import InvalidOutgoing, Opt, Payload, encode_payload
from ocppkit.core.payloads import _writing
from ocppkit.core.payloads._normalise import NotEncodable
from ocppkit.core.payloads._shape import shape_of
from ocppkit.core.payloads._writing import write_of

WHOLE = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
PARTS = WHOLE.replace(microsecond=123_456)


Moment = Annotated[datetime, Meta(tz=True)]


class Chain(Payload, kw_only=True, frozen=True):
    """A class within itself."""

    at: Opt[Moment] = None
    next: Opt["Chain"] = None


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns what is written of a payload, and whether it was dressed."""

    def write(payload: Payload) -> tuple[str, bool]:
        dresses: list[object] = []
        real = _writing.normaliser_of(shape_of(type(payload)))

        def dress(value: Any, path: Any) -> Any:
            assert real is not None
            dresses.append(value)
            return real(value, path)

        with monkeypatch.context() as patch:
            patch.setattr(_writing, "normaliser_of", lambda shape, texts: real and dress)
            checked: list[bytes] = []

            def check(data: bytes) -> bool:
                checked.append(data)
                return True

            data = write_of(shape_of(type(payload)), check)(payload)
            assert checked == [data]
            return data.decode(), bool(dresses)

    return write


@pytest.mark.parametrize(
    ("payload", "text", "dressed"),
    [
        (v16.AuthorizeRequest(id_tag="a"), '{"idTag":"a"}', False),
        (
            v201.HeartbeatResponse(current_time=WHOLE),
            '{"currentTime":"2024-05-06T07:08:09Z"}',
            False,
        ),
        (
            v201.HeartbeatResponse(current_time=PARTS),
            '{"currentTime":"2024-05-06T07:08:09.123Z"}',
            True,
        ),
        (v201.DataTransferRequest(vendor_id="a"), '{"vendorId":"a"}', False),
        (
            v201.DataTransferRequest(vendor_id="a", data=[PARTS]),
            '{"data":["2024-05-06T07:08:09.123Z"],"vendorId":"a"}',
            True,
        ),
        # What only looks like a member is dressed for nothing, and comes to no harm.
        (v16.DataTransferRequest(vendor_id="data"), '{"vendorId":"data"}', False),
        (
            v201.BootNotificationRequest(
                reason=v201.BootReasonEnumType.POWER_UP,
                charging_station=v201.ChargingStationType(model="customData", vendor_name="a"),
            ),
            '{"chargingStation":{"model":"customData","vendorName":"a"},"reason":"PowerUp"}',
            True,
        ),
        (v201.DataTransferRequest(vendor_id="data"), '{"vendorId":"data"}', False),
        (
            v201.AuthorizeRequest(
                id_token=v201.IdTokenType(
                    id_token="a",
                    type=v201.IdTokenEnumType.CENTRAL,
                    custom_data=v201.CustomDataType(vendor_id="v", at=PARTS),
                )
            ),
            '{"idToken":{"idToken":"a","type":"Central",'
            '"customData":{"at":"2024-05-06T07:08:09.123Z","vendorId":"v"}}}',
            True,
        ),
        (Chain(next=Chain(at=PARTS)), '{"next":{"at":"2024-05-06T07:08:09.123Z"}}', True),
    ],
)
def test_what_is_written_and_whether_it_was_normalised(
    written: Any, payload: Payload, text: str, dressed: bool
) -> None:
    assert written(payload) == (text, dressed)


def test_a_value_of_a_wrong_type_is_left_to_a_closer_look(written: Any) -> None:
    wrong: Any = "2024"
    payload = v201.HeartbeatResponse(current_time=wrong)
    with pytest.raises(AttributeError):
        written(payload)
    with pytest.raises(InvalidOutgoing, match=r"at \$.currentTime"):
        encode_payload(payload)


def test_a_class_within_itself_is_checked_at_every_depth() -> None:
    chain = Chain(at=WHOLE, next=Chain(next=Chain(at=WHOLE)))
    assert encode_payload(chain).count(b'"at"') == 2
    wrong = Chain(next=Chain(next=Chain(at=WHOLE.replace(tzinfo=None))))
    with pytest.raises(InvalidOutgoing, match=r"\$\.next\.next\.at"):
        encode_payload(wrong)


def test_what_the_check_refuses_does_not_leave() -> None:
    def refuse(data: bytes) -> None:
        raise ValueError(data)

    write = write_of(shape_of(v16.HeartbeatRequest), refuse)
    with pytest.raises(ValueError, match=r"\{\}"):
        write(v16.HeartbeatRequest())


def test_a_number_that_json_lacks_is_named(written: Any) -> None:
    with pytest.raises(NotEncodable):
        written(v201.DataTransferRequest(vendor_id="a", data=float("nan")))
