"""`make check` runs the tests of what changed, and the marker `runtime` goes by folder."""

import pytest

from support.rooms import RUNTIME, SHORT, TESTS, is_in, targets_of


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
    assert [each for each in (*RUNTIME, *SHORT) if not (TESTS / each).exists()] == []


def test_a_folder_is_no_prefix_of_another() -> None:
    assert is_in(f"{TESTS}/csms/test_csms.py", ["csms"])
    assert not is_in(f"{TESTS}/csms_other/test_csms.py", ["csms"])
    assert is_in(f"{TESTS}/transports/test_serving.py", ["transports/test_serving.py"])
