"""`make check` runs the tests of what changed, the marker `runtime` goes by folder, and workers get whole units."""

import re
import subprocess
import sys

import pytest

from support.rooms import RUNTIME, SHORT, TESTS, TOGETHER, is_in, targets_of, unit_of


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ([], ["house"]),
        (["sdk/ocppkit/core/engine/_connection.py"], ["core/engine", "house"]),
        (["sdk/ocppkit/csms/_csms.py", "tests/csms/test_csms.py"], ["csms", "house"]),
        (["tests/aio/test_clock.py"], ["aio/test_clock.py", "house"]),
        (["tests/csms/conftest.py"], ["csms", "house"]),
        (["codegen/ocppkit/codegen/diff/_judge.py"], ["codegen/diff", "house"]),
        (["README.md", "tests/no/such/test_file.py"], ["house"]),
    ],
)
def test_changed_files_bring_their_tests(changed: list[str], expected: list[str]) -> None:
    assert targets_of(changed) == expected


def test_the_folders_exist() -> None:
    assert [each for each in (*RUNTIME, *SHORT, *TOGETHER) if not (TESTS / each).exists()] == []


def test_a_folder_is_no_prefix_of_another() -> None:
    assert is_in(f"{TESTS}/csms/test_csms.py", ["csms"])
    assert not is_in(f"{TESTS}/csms_other/test_csms.py", ["csms"])
    assert is_in(f"{TESTS}/transports/test_serving.py", ["transports/test_serving.py"])


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("tests/csms/test_csms.py::TestOne::test_two[a::b]", "csms/test_csms.py"),
        ("tests/site/test_pages.py::test_size", "site"),
        ("tests/test_corpus.py::test_all", "test_corpus.py"),
    ],
)
def test_a_unit_is_a_file_or_a_folder(test: str, unit: str) -> None:
    assert unit_of(test) == unit


def test_whole_folders_begin(request: pytest.FixtureRequest) -> None:
    whole = [unit_of(item.nodeid) in TOGETHER for item in request.session.items]
    assert whole == sorted(whole, reverse=True)


def test_one_worker_runs_a_whole_unit() -> None:
    """It did not with pytest 9.2 and `--dist loadgroup`, and nothing said so."""
    options = ("-n", "2", "-v", "-p", "no:cacheprovider", "-k", "order", "tests/house")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    passed = re.findall(r"^\[(gw\d)\] .* PASSED", done.stdout, re.MULTILINE)
    assert len(passed) > 10, done.stdout + done.stderr
    assert len(set(passed)) == 1
