"""Dialects: found by version, with the mappings of all blocks."""

import pytest
from msgspec.structs import replace

from ocppkit import v16, v21, v201
from ocppkit.blocks import Dialect, Report, ReportReply, dialect_of
from ocppkit.blocks.charging import ChargingRules
from ocppkit.core import LocalProtocolError, Protocol


@pytest.mark.parametrize("protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL])
def test_each_version_has_a_dialect_with_the_rules_of_its_blocks(protocol: Protocol) -> None:
    dialect = dialect_of(protocol)
    assert dialect.rules(ChargingRules).same_level_replaces is (protocol is v16.PROTOCOL)


def test_rules_that_a_dialect_lacks_are_an_error_with_the_cure() -> None:
    with pytest.raises(LocalProtocolError, match=r"no ChargingRules .generate it with all actions"):
        Dialect().rules(ChargingRules)


def test_a_version_without_blocks_is_an_error_with_the_cure() -> None:
    protocol = replace(v16.PROTOCOL, package="ocppkit.v16.messages")
    with pytest.raises(LocalProtocolError, match=r"contains no functional blocks .generate"):
        dialect_of(protocol)


def test_a_report_that_a_version_does_not_have_is_no_message() -> None:
    class Nothing(Report[ReportReply], frozen=True):
        """A report of no version."""

    assert dialect_of(v16.PROTOCOL).messages(Nothing()) == ()
