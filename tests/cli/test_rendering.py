"""Several packages are rendered side by side, in processes of their own."""

import os

import pytest

from ocppkit.cli._rendering import render_all
from ocppkit.codegen import CodegenError, Job, LoadedJob


def job(version: str, *only: str) -> LoadedJob:
    package = f"acme.v{version.replace('.', '')}"
    return LoadedJob(Job(version, package, flavours=("msgspec",), only=only))


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.mark.usefixtures("two_cores")
def test_side_by_side_is_the_same_as_alone() -> None:
    jobs = [job("1.6", "Heartbeat"), job("2.0.1", "Heartbeat")]
    steps: list[tuple[str, int, int]] = []
    rendered = render_all(jobs, lambda *step: steps.append(step))
    assert rendered == [each.render() for each in jobs]
    assert {"OCPP 1.6: msgspec", "OCPP 2.0.1: msgspec"} <= {what for what, _, _ in steps}
    assert all(done <= total for _, done, total in steps)


@pytest.mark.usefixtures("two_cores")
def test_an_error_comes_back_whole() -> None:
    with pytest.raises(CodegenError) as caught:
        render_all([job("1.6", "Heartbeat"), job("2.0.1", "StartTransaction")], silent)
    assert caught.value.problem == "OCPP 2.0.1 has no action 'StartTransaction'"
    assert caught.value.cure is not None


def test_one_core_needs_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr("ocppkit.cli._rendering.get_context", None)
    jobs = [job("1.6", "Heartbeat"), job("2.0.1", "Heartbeat")]
    assert [len(files) for files in render_all(jobs, silent)] == [
        len(each.render()) for each in jobs
    ]
