"""The draw for a reader with fresh eyes finds all four kinds of texts, and a seed repeats it."""

from house.draw import COUNTS, draw, texts_of
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
        print("not logged")
        raise ValueError(f"no {thing} here")
    def __len__(self) -> int:
        raise NotImplementedError
''',
)


def test_each_kind_of_text_is_found_once() -> None:
    assert sorted(texts_of(MODULE)) == [
        ("error texts", "no {} here"),
        ("first sentences", "Carries frames."),
        ("first sentences", "Reads frames: one at a time."),
        ("log lines", "%s: closing failed"),
        ("log lines", "%s: late"),
        ("names", "Wire"),
        ("names", "close"),
    ]


def test_a_seed_draws_the_same_texts_again_and_another_seed_others() -> None:
    sources = python_sources()
    first = draw(1, sources)
    assert {kind: len(texts) for kind, texts in first.items()} == COUNTS
    assert first == draw(1, sources)
    assert first != draw(2, sources)
    assert all(text.startswith(("sdk/", "codegen/")) for texts in first.values() for text in texts)
