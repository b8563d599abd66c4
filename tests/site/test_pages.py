"""The built site as files: light, whole, the same each time, and without anything from elsewhere."""

import filecmp
import html
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

from ocppkit import core, csms
from ocppkit.codegen import VERSIONS, load_facts

HEAVIEST = 300_000
"""Bytes of a page without its images."""

MOST_WORK = 180
"""Seconds."""

DOCS = Path(__file__).parents[2] / "docs"

_ATTRIBUTE = re.compile(r'\s(id|name|href|src)="?([^"\s>]*)')
_CODE = re.compile(r"<(script|svg)\b.*?</\1>", re.DOTALL)


def pages_in(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def url_of(site: Path, page: Path) -> str:
    return "/" + page.relative_to(site).as_posix().removesuffix("index.html")


def attributes(page: Path) -> Iterator[tuple[str, str]]:
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    for name, value in _ATTRIBUTE.findall(text):
        yield name, html.unescape(value)


def test_each_action_has_its_page(site: Path) -> None:
    for version, package in VERSIONS.items():
        for action in load_facts(version).actions:
            assert (site / package / action / "index.html").is_file()


def test_no_page_is_heavy(site: Path) -> None:
    assert len(pages_in(site)) > 600
    assert [page for page in pages_in(site) if page.stat().st_size > HEAVIEST] == []


def test_a_build_takes_less_than_three_minutes(built: Any) -> None:
    assert 0 < built.seconds < MOST_WORK


def test_two_builds_are_the_same(site: Path, twin: Path) -> None:
    one, two = ({f.relative_to(t) for f in t.rglob("*") if f.is_file()} for t in (site, twin))
    assert one == two
    _, different, unread = filecmp.cmpfiles(site, twin, sorted(map(str, one)), shallow=False)
    assert (different, unread) == ([], [])


def test_all_links_are_alive(site: Path) -> None:
    anchors = {
        url_of(site, page): {value for name, value in attributes(page) if name in ("id", "name")}
        for page in pages_in(site)
    }
    dead: set[tuple[str, str]] = set()
    checked = 0
    for page in pages_in(site):
        here = url_of(site, page)
        for name, value in attributes(page):
            if name not in ("href", "src") or urlsplit(value).scheme in ("http", "https", "mailto"):
                continue
            checked += 1
            target, anchor = urldefrag(urljoin(here, value))
            if target in anchors:
                alive = not anchor or unquote(anchor) in anchors[target]
            else:
                alive = (site / unquote(urlsplit(target).path).lstrip("/")).is_file()
            if not alive:
                dead.add((here, value))
    assert sorted(dead) == []
    assert checked > 10_000


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in pages_in(site):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"?https?:", text) == []
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert re.findall(r"url\(\"?https?:|@import", text) == []


@pytest.mark.parametrize(("package", "pages"), [(core, "core-*.md"), (csms, "csms*.md")])
def test_a_package_of_several_pages_has_all_its_names_in_the_api(
    package: ModuleType, pages: str
) -> None:
    """One page would be heavy, so the names stand on several: a new name needs a line in one of them."""
    listed = [
        name.strip('"')
        for page in (DOCS / "api").glob(pages)
        for name in re.findall(r"^ {8}- (\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(listed) == sorted(package.__all__)
