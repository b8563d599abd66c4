"""A short run of random results, requests and errors, and that the check would find a bad frame."""

import pytest

from fuzz.outgoing import OutgoingFuzzer
from ocppkit.core import OFF, Connection


def test_nothing_bad_is_sent() -> None:
    fuzzer = OutgoingFuzzer(seed=15)
    for _ in range(1500):
        assert fuzzer.feed() is None
    # Both must happen, or the run says little.
    assert 300 < fuzzer.sent < fuzzer.fed - 300


def test_bad_frames_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Connection.__init__

    def unchecked(connection: Connection, *arguments: object, **options: object) -> None:
        options["outbound"] = OFF
        real(connection, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Connection, "__init__", unchecked)
    fuzzer = OutgoingFuzzer(seed=15)
    findings = [finding for _ in range(300) if (finding := fuzzer.feed()) is not None]
    assert any("breaks its schema" in finding.problem for finding in findings)
    assert any("as an integer" in finding.problem for finding in findings)
