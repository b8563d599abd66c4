"""What `mkdocs build` does beyond Markdown: it makes the reference, and finds its place in the nav."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from ocppkit.cli._reference import reference_pages
from ocppkit.codegen import VERSIONS, Api, Job, load_api

_BOOSTS = {"guides": 2, "api": 0.2, "design": 0.5}
"""How much more a page counts in the search, by folder: the explained before the listed."""

_GUIDES = {"`inbound=LENIENT`": "guides/lenient.md"}
"""What the reference speaks of, and where this site, but no other, explains it."""

_LINK_OUT = re.compile(r"(?<!!)\[([^\]]+)\]\((\.\./[^)\s]+)\)")

# Without it the build would carry the time of day in its sitemap.
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fills in the folders that the nav names."""
    branches = {
        f"{package}/": list(_branch(load_api(Job(version, f"ocppkit.{package}"))))
        for version, package in VERSIONS.items()
    }
    nav = cast("list[Any]", config["nav"])
    config["nav"] = _filled(nav, branches, Path(config.docs_dir))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages of the reference; they exist in memory alone."""
    for path, text in reference_pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Weighs a page for the search, and makes its links those of the site.

    Links to files of the repository, which the site does not have, become plain text.
    """
    del config, files
    folder = PurePosixPath(page.file.src_uri).parent
    page.meta.setdefault("search", {"boost": _BOOSTS.get(folder.name, 1)})
    if page.file.generated_by:
        for words, guide in _GUIDES.items():
            way = "../" * len(folder.parts) + guide
            markdown = markdown.replace(words, f"[{words}]({way})")

    def kept(found: re.Match[str]) -> str:
        inside = found[2].count("../") <= len(folder.parts)
        return found[0] if inside else found[1]

    return _LINK_OUT.sub(kept, markdown)


def _filled(entries: list[Any], branches: Mapping[str, list[Any]], docs: Path) -> list[Any]:
    """Returns a level of the nav with files for folders."""
    filled: list[Any] = []
    for entry in entries:
        match entry:
            case {}:
                parts: dict[str, Any] = entry
                filled.append({k: _below(part, branches, docs) for k, part in parts.items()})
            case str() if entry.endswith("/"):
                found = sorted(
                    file.relative_to(docs).as_posix() for file in docs.glob(f"{entry}*.md")
                )
                filled.extend(path for path in found if path not in entries)
            case _:
                filled.append(entry)
    return filled


def _below(value: Any, branches: Mapping[str, list[Any]], docs: Path) -> Any:
    if isinstance(value, str):
        return branches.get(value, value)
    return _filled(value, branches, docs)


def _branch(api: Api) -> Iterator[Any]:
    """Yields what stands in the nav below a version."""
    folder, protocol = api.protocol.package, api.protocol
    yield f"{folder}/index.md"
    yield {"By direction": f"{folder}/direction.md"}
    yield {"Errors": f"{folder}/errors.md"}
    if api.names.variables:
        yield {"Standard variables": f"{folder}/variables.md"}
    if api.names.lists:
        yield {"Standard values": f"{folder}/values.md"}
    for short, long in protocol.blocks.items():
        actions = [action.name for action in api.actions if action.facts.block == short]
        if actions:
            title = f"{short} {long}" if len(short) == 1 else long
            yield {title: [{name: f"{folder}/{name}.md"} for name in actions]}
    datatypes = sorted((datatype.name for datatype in api.datatypes), key=str.lower)
    yield {
        "Datatypes": [
            f"{folder}/types/index.md",
            *({name: f"{folder}/types/{name}.md"} for name in datatypes),
        ]
    }
    yield {"Enums": [{enum.name: f"{folder}/enums/{enum.name}.md"} for enum in api.enums]}
