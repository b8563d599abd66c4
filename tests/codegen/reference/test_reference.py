"""The tree of templates is the shape of the reference: pages per version, action, datatype and enum."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen._resources import templates_dir
from ocppkit.codegen.model._ir import Doc, Ref
from ocppkit.codegen.reference._reference_pages import render_reference
from ocppkit.codegen.reference._reply_table import Answer, Reaction
from support.tiny_ir import action, datatype, enum, field, version

OLD = version(
    "2.0.1", actions=[action("Reset", [field("type", Ref("Word"))])], enums=[enum("Word", "A")]
)
NEW = version(
    "2.1",
    actions=[
        action("Reset", [field("type", Ref("Word")), field("inner", Ref("Inner"), required=False)]),
        action("Tell", [field("x", "integer")], None, direction="station"),
    ],
    enums=[enum("Word", "A", "B")],
    datatypes=[datatype("Inner", field("limit_L2", "number"))],
)


class Parrot:
    """Answers everything with what was asked."""

    def answer(self, version: str, action: str, payload: str) -> Answer | None:
        return Answer("FormatViolation", f"{version} {action} {payload}")

    def repairs(self, version: str, message: str, payload: str) -> Sequence[str] | None:
        return None

    def reactions(self, version: str) -> Sequence[Reaction]:
        return [Reaction("Rule", "enum", "silent", "close", "nowhere")]


def emitted(*folders: Path) -> dict[str, str]:
    return render_reference([OLD, NEW], Parrot(), folders)


def own(folder: Path, path: str, content: str) -> Path:
    file = folder / "docs" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, "utf-8")
    return folder


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose templates are the only ones."""
    monkeypatch.setattr(
        "ocppkit.codegen.reference._reference_pages.templates_dir", lambda: tmp_path / "none"
    )
    return tmp_path


def test_a_page_for_each_subject_of_each_version(alone: Path) -> None:
    for path in (
        "all",
        "[version]/one",
        "[version]/[action]",
        "[version]/t/[datatype]",
        "[version]/[enum]-e",
    ):
        own(alone, f"{path}.md.jinja", "x")
    own(alone, "macros.jinja", "{# none #}")
    assert sorted(emitted(alone)) == [
        "all.md",
        "v201/Reset.md",
        "v201/Word-e.md",
        "v201/one.md",
        "v21/Reset.md",
        "v21/Tell.md",
        "v21/Word-e.md",
        "v21/one.md",
        "v21/t/Inner.md",
    ]  # fmt: skip


def test_what_a_template_may_use(alone: Path) -> None:
    own(
        alone,
        "[version]/[action].md.jinja",
        "{{ action.name }} {{ protocol.version }} {{ links.to('Word') }} {{ root }}|",
    )
    own(
        alone,
        "[version]/t/[enum].md.jinja",
        "{{ enum.name }} {{ links.to('Reset') }} {{ root }} {{ holders('Word') }}",
    )
    pages = emitted(alone)
    assert pages["v21/Reset.md"] == "Reset 2.1 enums/Word.md |"
    assert pages["v21/t/Word.md"] == "Word ../Reset.md ../ [('ResetRequest', 'type')]"


def test_a_users_template_replaces_ours(tmp_path: Path) -> None:
    own(tmp_path, "[version]/errors.md.jinja", "# House style\n")
    pages = emitted(tmp_path)
    assert pages["v21/errors.md"] == "# House style\n"
    assert "# Reset" in pages["v21/Reset.md"]


def test_a_folder_without_templates_of_the_reference(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match="it has no folder docs"):
        emitted(tmp_path)


def test_a_template_that_is_wrong(alone: Path) -> None:
    with pytest.raises(CodegenError, match=r"all\.md\.jinja:2: UndefinedError"):
        emitted(own(alone, "all.md.jinja", "one\n{{ nobody }}\n"))


class TestOurPages:
    def test_the_page_of_an_action(self) -> None:
        page = emitted()["v21/Reset.md"]
        for heading in ("ResetRequest", "ResetResponse", "Types inside", "Example", "In your code"):
            assert re.search(rf"^## {heading}\b", page, re.MULTILINE)
        assert "[OCPP 2.0.1](../v201/Reset.md)" in page
        assert '[2, "7f3a9c40", "Reset", {' in page
        assert "request = v21.ResetRequest(type=v21.Word.A)" in page
        assert "| `type` is an unknown value | `FormatViolation`" in page
        assert "| `request.inner` | new: Inner, optional |" in page
        assert "| `request.type` | new values: B |" in page

    def test_a_send(self) -> None:
        page = emitted()["v21/Tell.md"]
        assert '[6, "7f3a9c40", "Tell", {' in page
        assert "A SEND has no response" in page
        assert "OCPP 2.0.1 has no equivalent." in page
        assert "*not in 2.0.1*" in page

    def test_the_pages_of_types(self) -> None:
        pages = emitted()
        assert "* [ResetRequest](../Reset.md) `inner`" in pages["v21/types/Inner.md"]
        assert (
            "| `limit_L2`<br><small>`limit_l2`</small> | number | **yes** |"
            in pages["v21/types/Inner.md"]
        )
        word = pages["v21/enums/Word.md"]
        assert "the message is not delivered, and is answered with `FormatViolation`" in word
        assert "With `inbound=LENIENT`: the same." in word
        assert "| `B` | new |" in word

    def test_docs_stand_where_they_belong(self) -> None:
        from dataclasses import replace

        described = replace(NEW.enums[0], doc=Doc("Says *a* thing.", "B11"))
        api = replace(NEW, enums=(described,))
        pages = render_reference([api], Parrot())
        assert r"Says \*a\* thing. <small>B11</small>" in pages["v21/enums/Word.md"]
        assert r"Says \*a\* thing. <small>B11</small>" in pages["v21/Reset.md"]

    def test_it_is_the_same_each_time(self) -> None:
        assert emitted() == emitted()


def test_the_readme_of_templates_lists_the_names_of_the_reference() -> None:
    readme = (templates_dir() / "docs" / "README.md").read_text("utf-8")
    names = re.findall(r"^\| `(\w+)", readme, re.MULTILINE)
    ours = {
        "answers",
        "api",
        "apis",
        "boot",
        "bounds",
        "by_component",
        "examples",
        "expressions",
        "frame",
        "holders",
        "key_notes",
    }
    ours |= {"links", "md", "pages", "prose", "protocol", "reached", "reactions", "root", "unknown"}
    assert set(names) == ours | {"versions", "action", "datatype", "enum"}
