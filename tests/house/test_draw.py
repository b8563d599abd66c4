"""The draw for a reader with fresh eyes finds all four kinds of texts, and a seed repeats it."""

import re

import pytest

from house.draw import COUNTS, draw, main, texts_of
from house.sources import Source, python_sources

MODULE = Source(
    "sdk/a.py",
    '''"""Reads frames: one at a time. More follows."""
class Wire:
    """Carries
    frames. It does more."""
    def close(self) -> None:
        logger.warning("%s: closing failed", name)
        logger.log(level, "%s: late", name)
        logger.info("%s: %.1f", name, value)
        print("not logged")
        raise ValueError(f"no {thing} here")
    def __len__(self) -> int:
        raise NotImplementedError
    def fail(self) -> None:
        raise ValueError(f"{thing}: {why}")
''',
)


def test_each_text_is_found_with_its_line_and_placeholders_alone_are_not() -> None:
    assert sorted(texts_of(MODULE)) == [
        ("error texts", 10, "no {} here"),
        ("first sentences", 1, "Reads frames: one at a time."),
        ("first sentences", 3, "Carries frames."),
        ("log lines", 6, "%s: closing failed"),
        ("log lines", 7, "%s: late"),
        ("names", 2, "Wire"),
        ("names", 5, "close"),
        ("names", 13, "fail"),
    ]


def test_a_seed_draws_the_same_texts_again_and_another_seed_others() -> None:
    sources = python_sources()
    first = draw(1, sources)
    assert {kind: len(texts) for kind, texts in first.items()} == COUNTS
    assert first == draw(1, sources)
    assert first != draw(2, sources)
    place = re.compile(r"(sdk|codegen)/\S+\.py:\d+: ")
    assert all(place.match(text) for texts in first.values() for text in texts)


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["--help"], 0), (["x"], 2)])
def test_without_a_seed_the_usage_is_printed(
    arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == status
    printed = capsys.readouterr()
    assert "usage: python -m house.draw" in printed.out + printed.err
