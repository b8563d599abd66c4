"""Date-times, URIs and multiples of a decimal."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Context, Decimal, localcontext
from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rfc3987 import match as rfc3986_matches

from ocppkit import v201
from ocppkit.core import DateTimeKey, InvalidOutgoing, encode_payload
from ocppkit.core.payloads._formats import is_multiple, is_uri, read_datetime, utc_text

BERLIN = timezone(timedelta(hours=1))


def at(*fields, zone=UTC):
    return datetime(*fields, tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-05-06T07:08:09Z", at(2024, 5, 6, 7, 8, 9)),
        ("2024-05-06t07:08:09z", at(2024, 5, 6, 7, 8, 9)),
        ("2024-05-06T07:08:09.1240977+02:00", at(2024, 5, 6, 5, 8, 9, 124098)),
        ("2024-05-06T07:08:09." + "1" * 30 + "Z", at(2024, 5, 6, 7, 8, 9, 111111)),
        ("9999-12-31T23:59:59.9999999Z", at(9999, 12, 31, 23, 59, 59, 999999)),
        ("9999-12-31T23:59:59.9999999-01:00", None),
        ("2016-12-31T23:59:60Z", at(2017, 1, 1)),
        ("2016-12-31t23:59:60.25z", at(2017, 1, 1, 0, 0, 0, 250000)),
        ("2015-07-01T01:59:60+02:00", at(2015, 7, 1)),
        ("2016-12-31T14:29:60-09:30", at(2017, 1, 1)),
    ],
)
def test_what_rfc_3339_allows(text, value):
    found = read_datetime(text, UTC)
    assert found is not None
    assert found[1] is True
    if value is not None:
        assert found[0] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-05-06T07:08:09", at(2024, 5, 6, 7, 8, 9, zone=BERLIN)),
        ("2024-05-06 07:08:09.5", at(2024, 5, 6, 7, 8, 9, 500000, zone=BERLIN)),
        ("2024-05-06T07:08:09+02", at(2024, 5, 6, 5, 8, 9)),
        ("2024-05-06T07:08:09.123-09", at(2024, 5, 6, 16, 8, 9, 123000)),
        ("2024-05-06T07:08:60Z", at(2024, 5, 6, 7, 9)),
        ("2016-12-31T23:59:60+01:00", at(2016, 12, 31, 23)),
        ("2016-12-30T23:59:60Z", at(2016, 12, 31)),
        ("2016-12-31T23:59:60", at(2017, 1, 1, zone=BERLIN)),
        (" 2024-05-06T07:08:09\n", at(2024, 5, 6, 7, 8, 9, zone=BERLIN)),
        ("2024-05-06T07:08:09,5 Z", at(2024, 5, 6, 7, 8, 9, 500000)),
        ("2024-05-06T07:08+01:00", at(2024, 5, 6, 6, 8)),
        ("2024-05-06T24:00:00Z", at(2024, 5, 7)),
        ("2024-05-06T07:08:09Z[GMT]", at(2024, 5, 6, 7, 8, 9)),
        ("2024-05-06T07:08:09-00:00Z", at(2024, 5, 6, 7, 8, 9)),
    ],
)
def test_what_only_chargers_write(text, value):
    found = read_datetime(text, BERLIN)
    assert found == (value, False)
    assert found[0].tzinfo is not None


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2024-05-06", "07:08:09Z", "2024-05-06T07Z", "2024-05-06T24:00:01Z"),
        *("2024-13-06T07:08:09", "2024-02-30T07:08:09", "2024-05-06T07:08:61Z"),
        *("2024-05-06T07:08:09+24", "2024-05-06T07:08:09+01:60", "2024-05-06T07:08:60+24:00"),
        *("2024-05-06T07:08:09.", "2024-05-06T07:08:09[GMT]", "2024-05-06T07:08:09+02:00Z"),
        *("2024-05-06T07:08:09+2", "0000-01-01T00:00:00", " " * 200 + "2024-05-06T07:08:09Z"),
        *("9999-12-31T23:59:60Z", "0001-01-01T00:00:60+23:59", "٢٠٢٤-05-06T07:08:09"),
        *("2024-05-06T07:08:09+0060", "2024-05-06T07:08:09." + "1" * 41),
    ],
)
def test_what_is_no_date_time(text):
    assert read_datetime(text, UTC) is None


@given(st.datetimes(timezones=st.sampled_from([UTC, BERLIN, timezone(timedelta(hours=-9))])))
def test_isoformat_reads_back(value):
    assert read_datetime(value.isoformat(), UTC) == (value, True)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    found = read_datetime(text, UTC)
    assert found is None or found[0].tzinfo is not None


def test_an_outgoing_date_time_has_milliseconds_and_z():
    assert utc_text(at(2024, 5, 6, 7, 8, 9, 123999)) == "2024-05-06T07:08:09.123Z"
    assert utc_text(at(2024, 5, 6, 7, 8, 9, zone=BERLIN)) == "2024-05-06T06:08:09Z"
    assert utc_text(at(1, 1, 1)) == "0001-01-01T00:00:00Z"


def test_an_outgoing_date_time_that_utc_cannot_hold_overflows():
    with pytest.raises(OverflowError):
        utc_text(at(1, 1, 1, zone=BERLIN))


class Nowhere(tzinfo):
    """A zone without an offset, which makes a date-time naive."""

    def utcoffset(self, moment):
        return None

    dst = tzname = utcoffset


@pytest.mark.parametrize("zone", [None, Nowhere()])
def test_a_naive_date_time_is_not_taken_for_local_time(zone):
    with pytest.raises(ValueError, match="names no time zone"):
        utc_text(at(2024, 5, 6, zone=zone))
    with pytest.raises(ValueError, match="names no time zone"):
        DateTimeKey(name="A").format(at(2024, 5, 6, zone=zone))
    with pytest.raises(InvalidOutgoing):
        encode_payload(v201.HeartbeatResponse(current_time=at(2024, 5, 6, zone=zone)))


# Letters and signs that meet every branch of the grammar.
URI_SIGNS = st.text(alphabet="aZ1:/?#[]@!$%2Fv.-+ é\n", max_size=12)


@given(URI_SIGNS | st.builds("http://{}".format, URI_SIGNS))
def test_uris_are_those_of_another_reading_of_rfc_3986(text):
    # The package lets a newline stand at the end and has no upper-case V for future addresses.
    expected = rfc3986_matches(text, "URI") is not None and not text.endswith("\n")
    assert is_uri(text) is expected or "[V" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user@[2001:db8::1]:8080/a%20b?c=d#e", True),
        ("mailto:someone@example.com", True),
        ("http://[V1.fe80::a+en1]/", True),
        ("firmware.bin", False),
        ("http://example.com/a%2", False),
        ("http://example.com/a b", False),
        ("", False),
    ],
)
def test_uris(text, expected):
    assert is_uri(text) is expected


@pytest.mark.parametrize(
    "text", ["x:" + "/" * 10**6, "x:" + "%20" * 10**6, "x:" + "a" * 10**6 + " "]
)
def test_a_long_text_is_judged_in_linear_time(text):
    assert is_uri(text) is not text.endswith(" ")


@pytest.mark.parametrize("value", [0.0, 0.1, 0.3, 8.1, 16.0, 21.4, -32.7, 99999.9, 1e22, 1e300])
def test_multiples_of_a_tenth(value):
    assert is_multiple(value, 0.1)


@pytest.mark.parametrize(
    "value", [0.05, 8.15, 1.7000000000000002, 8.100000000000001, 0.30000000000000004, 5e-324]
)
def test_no_multiples_of_a_tenth(value):
    assert not is_multiple(value, 0.1)


@given(st.integers(-(10**12), 10**12))
def test_every_number_with_one_decimal_is_a_multiple_of_a_tenth(tenths):
    assert is_multiple(float(f"{tenths}e-1"), 0.1)


NEAR_TENTHS = st.builds(
    lambda tenths, towards: nextafter(tenths / 10, towards),
    st.integers(-(10**15), 10**15),
    st.sampled_from([-inf, inf]),
)


@given(NEAR_TENTHS | st.floats(allow_nan=False, allow_infinity=False))
def test_membership_is_decided_on_the_decimal_text(value):
    with localcontext(Context(prec=400)):
        assert is_multiple(value, 0.1) is (Decimal(repr(value)) * 10 % 1 == 0)


def test_steps_beside_a_tenth():
    assert is_multiple(0.29, 0.01)
    assert not is_multiple(0.295, 0.01)
    assert is_multiple(0.9, 0.3)
    assert is_multiple(15.0, 5)
    assert not is_multiple(14.0, 5)
