"""Texts of our own are read from TOML and hung into the IR; what is wrong in a file is an error with its place."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from golden import VERSION, tiny_facts
from ocppkit.codegen import VERSIONS, Api, CodegenError, Doc, Job, generate, load_api
from ocppkit.codegen._pipeline import read_api
from ocppkit.codegen.model import _prose as prose
from ocppkit.codegen.model._prose import add_prose, docs_by_name
from support.schema_files import refused
from support.schema_pairs import document, schema_set, text


@cache
def tiny_api() -> Api:
    """Ping, whose one member is an enum."""
    facts = tiny_facts()
    words = {"Word": text(enum=["A", "B"])}
    member = {"word": {"$ref": "#/definitions/Word"}, "note": text()}
    schemas = schema_set(
        VERSION,
        PingRequest=document(member, definitions=words),
        PingResponse=document({"note": text()}),
    )
    return read_api(schemas, facts)


def file(folder: Path, content: str, version: str = VERSION) -> Path:
    path = folder / "prose.toml"
    path.write_text(f'version = "{version}"\n{content}', "utf-8")
    return path


PING = """
[PingRequest]
about = "Asks for a sign of life."
source = "B01"
[PingRequest.fields]
word = "Which of two words to send back. [B01.FR.02]"
[Word]
source = "B02"
[Word.values]
A = "The first of both."
"""


class TestTexts:
    def test_a_class_has_its_own(self, tmp_path: Path) -> None:
        (ping,) = add_prose(tiny_api(), file(tmp_path, PING)).actions
        assert ping.request.doc == Doc("Asks for a sign of life.", "B01")

    def test_a_member_names_its_source_or_has_the_class_s(self, tmp_path: Path) -> None:
        api = add_prose(tiny_api(), file(tmp_path, PING))
        assert api.actions[0].request.fields[0].doc == Doc(
            "Which of two words to send back.", "B01.FR.02"
        )
        assert api.enums[0].members[0].doc == Doc("The first of both.", "B02")

    def test_without_a_text_there_is_none(self, tmp_path: Path) -> None:
        api = add_prose(tiny_api(), file(tmp_path, PING))
        assert api.actions[0].response is not None
        assert api.actions[0].response.doc is None
        assert api.enums[0].doc is None
        assert api.enums[0].members[1].doc is None

    def test_a_member_that_means_the_same_everywhere(self, tmp_path: Path) -> None:
        everywhere = '[everywhere]\nnote = "Words for people. [B03]"\n'
        own = '[PingResponse]\nsource = "B01"\n[PingResponse.fields]\nnote = "Just here."\n'
        (ping,) = add_prose(tiny_api(), file(tmp_path, everywhere + own)).actions
        assert docs_by_name(ping.request.fields) == {"note": Doc("Words for people.", "B03")}
        assert ping.response is not None
        assert docs_by_name(ping.response.fields) == {"note": Doc("Just here.", "B01")}

    def test_a_later_file_overrules(self, tmp_path: Path) -> None:
        (tmp_path / "below").mkdir()
        below = file(tmp_path / "below", PING)
        above = file(tmp_path, '[PingRequest]\nabout = "Other words."\nsource = "B09"\n')
        (ping,) = add_prose(tiny_api(), below, above).actions
        assert ping.request.doc == Doc("Other words.", "B09")
        assert docs_by_name(ping.request.fields).keys() == {"word"}

    def test_files_of_other_versions_are_left_out(self, tmp_path: Path) -> None:
        api = add_prose(tiny_api(), file(tmp_path, "[Missing]\nsource = 'B01'\n", "2.0.1"))
        assert api == tiny_api()


class TestVersionsThatExtend:
    def test_texts_are_looked_for_in_the_version_that_is_extended(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(prose, "_FOLDER", tmp_path)
        for version, words in {"v77": "below", "v99": "above"}.items():
            (tmp_path / version).mkdir()
            content = PING if words == "below" else PING.partition("[Word]")[0]
            file(tmp_path / version, content.replace("sign of life", f"sign {words}"))
        protocol = replace(tiny_api().protocol, ancestors=("7.7",))
        api = add_prose(replace(tiny_api(), protocol=protocol))
        assert api.actions[0].request.doc == Doc("Asks for a sign above.", "B01")
        assert api.enums[0].members[0].doc == Doc("The first of both.", "B02")


class TestMistakes:
    @pytest.mark.parametrize(
        ("content", "pointer", "problem"),
        [
            ("[Pingrequest]\nsource = 'B01'", "/Pingrequest", "no class 'Pingrequest'"),
            (
                "[PingRequest]\nsource = 'B01'\n[PingRequest.fields]\nwrod = 'x'",
                "/PingRequest/fields/wrod",
                "PingRequest has no 'wrod'",
            ),
            ("[Word]\nsource = 'B01'\nabuot = 'x'", "/Word/abuot", "unknown key 'abuot'"),
            (
                "[Word]\nabout = 'x'",
                "/Word/about",
                "this description does not cite the requirement",
            ),
            ("[Word]\nsource = 1", "/Word/source", "'source' must be a text"),
            ("[Word]\nsource='B01'\nabout = 'a \\ b'", "/Word/about", "the text must be one line"),
            ("[Word]\nsource='B01'\nabout = 'a \" b'", "/Word/about", "the text must be one line"),
            (
                "[everywhere]\nnote = 'No source.'",
                "/everywhere/note",
                "this description does not cite the requirement",
            ),
        ],
    )
    def test_it_is_named_with_its_place(
        self, tmp_path: Path, content: str, pointer: str, problem: str
    ) -> None:
        path = file(tmp_path, content)
        with refused(problem, file=str(path), pointer=pointer):
            add_prose(tiny_api(), path)

    def test_a_slip_gets_a_proposal(self, tmp_path: Path) -> None:
        path = file(tmp_path, "[PingReqest]\nsource = 'B01'\n")
        with pytest.raises(CodegenError, match=re.escape("did you mean 'PingRequest'?")):
            add_prose(tiny_api(), path)


class TestEndToEnd:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_every_flavour_shows_a_user_s_text(self, tmp_path: Path, version: str) -> None:
        name = "HeartbeatResponse"
        content = f"""[{name}]\nsource = "B02"\n[{name}.fields]\ncurrentTime = "Noon at sea.\"\n"""
        path = file(tmp_path, content, version)
        files = generate(Job(version, "acme", only=("Heartbeat",), prose_files=(path,)))
        assert '    """Noon at sea. [B02]"""' in files["acme/messages/heartbeat.py"]
        assert 'description="Noon at sea. [B02]"' in files["acme/pydantic/messages/heartbeat.py"]

    def test_a_selection_of_actions_keeps_the_texts(self) -> None:
        (beat,) = load_api(Job("2.1", "acme", only=("Heartbeat",))).actions
        assert beat.response is not None
        assert docs_by_name(beat.response.fields).keys() == {"current_time"}
