"""The guides on lenient mode, security and the engine do what they say; the README's commands run.

The guide on errata is tested with a wheel, in `packaging/test_errata_day.py`.
"""

import asyncio
import re
import shlex
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import typer

from ocppkit import v16, v21, v201
from ocppkit.aio import Handshake, InvalidCall
from ocppkit.cli._app import app
from ocppkit.core import ConnectionClosed, Issues, Repair, Rule
from ocppkit.core.engine._calls import TRANSITIONS
from ocppkit.core.model._repairs import NEVER_REPAIRED, REPAIRS
from ocppkit.core.payloads._issue_recorder import MAX_ISSUES
from ocppkit.csms import Credentials, Verdict
from ocppkit.testing import connected, settle, wire_pair
from ocppkit.transports import websockets
from support import drawings
from support.guide_code import DOCS, LIMIT, executed
from support.terminal_sessions import Console, ShellCommand, blocks, commands

ROOT = DOCS.parent


class TestConsoles:
    """What compares the pages' terminal sessions sees a difference."""

    @pytest.mark.parametrize("shown", ["one\ntwo\n", "one\n...\n", "o...\ntwo\n", "...\n"])
    def test_the_same(self, shown: str, tmp_path: Path) -> None:
        Console(tmp_path).compare(ShellCommand("printf 'one\\ntwo \\n'", shown))

    @pytest.mark.parametrize("shown", ["", "one\n", "one\nthree\n", "o...\n", "one\ntwo\n...\n"])
    def test_another(self, shown: str, tmp_path: Path) -> None:
        with pytest.raises(AssertionError, match="printf"):
            Console(tmp_path).compare(ShellCommand("printf 'one\\ntwo\\n'", shown))


def test_the_disagreements_are_decided_as_their_page_says() -> None:
    assert executed("guides/disagreements.md")["twice"].id_tag == "B"


class TestLenient:
    @pytest.fixture
    def names(self) -> dict[str, Any]:
        return executed("guides/lenient.md")

    def test_what_strict_mode_says_stands_there(
        self, names: dict[str, Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = (DOCS / "guides/lenient.md").read_text("utf-8")
        for line in capsys.readouterr().out.splitlines():
            assert line.removeprefix("MeterValues: ") in text
        assert not names["context"].is_known

    def test_the_page_lists_the_repairs_that_the_code_makes(self) -> None:
        """What becomes of each is proved in tests/core/payloads/test_repair.py."""
        text = (DOCS / "guides/lenient.md").read_text("utf-8")
        rows = [line for line in text.splitlines() if re.match(r"\| `[a-z_]+` \|", line)]
        assert rows == [
            f"| `{repair}` | {told.rules} | {told.received} | {told.becomes} |"
            for repair, told in REPAIRS.items()
        ]
        assert list(REPAIRS) == list(Repair)
        never = text.partition("Never repaired:\n\n")[2].partition("\n\n")[0]
        assert never.splitlines() == [f"* {each}" for each in NEVER_REPAIRED]

    def test_the_page_names_every_rule_and_the_bound(self) -> None:
        named = {rule for told in REPAIRS.values() for rule in told.rules.split(", ")}
        never = {Rule.REQUIRED, Rule.NUMBER}
        assert named == {*Rule, "any"} - never
        text = (DOCS / "guides/lenient.md").read_text("utf-8")
        assert f"{MAX_ISSUES:,} issues are recorded" in text
        for protocol in (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL):
            rules = protocol.actions["UpdateFirmware"].request.__ocpp_rules__
            assert all(f"`{name}`" in text for name in rules.harmless_when_absent)

    def test_a_charger_s_quirk_is_repaired_and_told(self, names: dict[str, Any]) -> None:
        seen = self.told(names, names["csms"])
        assert "unknown value 'CurrentMax'" in seen[0]
        assert '"context":"CurrentMax"' in seen[1]

    def test_a_policy_by_identity_and_by_vendor(self, names: dict[str, Any]) -> None:
        assert names["policies_of"]("CP001") is None
        names["choosy"].on(v16.MeterValuesRequest)(names["meter_values"])
        assert self.told(names, names["choosy"])
        named = names["ChargePoint"](
            "CP-NEW",
            charge_point_model="Wall-1",
            charge_point_vendor="ACME",
            insecure=True,
            outbound=names["OFF"],
        )
        assert self.told(names, names["choosy"], named)

    def test_an_unreadable_end_is_answered_and_kept(self, names: dict[str, Any]) -> None:
        def call(action: str) -> InvalidCall[str]:
            return InvalidCall("CP001", action, b"{}", {}, Issues(), "1")

        end = call("StopTransaction")
        response = asyncio.run(names["accept_the_end"](end))
        assert isinstance(response, v16.StopTransactionResponse)
        assert names["UNREADABLE"] == [end]
        assert asyncio.run(names["accept_the_end"](call("StartTransaction"))) is None
        answers = asyncio.run(self.stop_without_a_time(names))
        assert answers == ['[3,"17",{}]', '[3,"18",{}]']
        assert [kept.raw for kept in names["UNREADABLE"]][1:] == [
            b'{"transactionId":7,"meterStop":1200}',
            b'[2,"18","StopTransaction",{"transactionId":7,"meterStop":}]',
        ]

    @staticmethod
    def told(names: dict[str, Any], csms: Any, station: Any = None) -> list[str]:
        """Lets a station send what its schema does not know, and returns what was noted."""
        names["seen"].clear()
        sender = station or names["clumsy"]

        async def play() -> None:
            async with connected(sender, csms):
                await sender.wait_accepted()
                await sender.call(names["odd_values"])

        asyncio.run(asyncio.wait_for(play(), LIMIT))
        return list(names["seen"])

    @staticmethod
    async def stop_without_a_time(names: dict[str, Any]) -> list[str | bytes]:
        """Plays a charger whose StopTransaction lacks a member, and then is no JSON."""
        charger, wire = Charger(), wire_pair()
        offer = (b"Sec-WebSocket-Protocol", b"ocpp1.6")
        decision = await names["patient"].accept(Handshake(path="/CP-OLD-1", headers=(offer,)))
        names["patient"].attach(decision, wire[1])
        wire[0].start(charger)
        for message_id, action, payload in (
            (16, "BootNotification", '{"chargePointModel":"M","chargePointVendor":"V"}'),
            (17, "StopTransaction", '{"transactionId":7,"meterStop":1200}'),
            (18, "StopTransaction", '{"transactionId":7,"meterStop":}'),
        ):
            wire[0].write(f'[2,"{message_id}","{action}",{payload}]')
        await settle()
        return charger.heard[1:]


class Charger:
    """One end of a wire that notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []

    def data_received(self, data: str | bytes) -> None:
        self.heard.append(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        raise AssertionError(end)


class TestSecurity:
    @pytest.fixture(scope="class")
    @staticmethod
    def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A folder with the examples, in which the page's commands were run."""
        folder = tmp_path_factory.mktemp("security")
        copytree(ROOT / "examples", folder / "examples")
        for block in blocks(DOCS / "guides/security.md"):
            if block.language == "console":
                for command in commands(block.text):
                    Console(folder).compare(command)
        return folder

    @pytest.fixture
    def names(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        monkeypatch.chdir(folder)
        return executed("guides/security.md")

    def test_nothing_starts_by_accident(self, names: dict[str, Any]) -> None:
        assert asyncio.run(names["forgotten"]()).startswith("this Csms has no authenticator [give")

    @pytest.mark.parametrize("profile", ["profile_1", "profile_2", "profile_3"])
    def test_a_live_session(self, profile: str, names: dict[str, Any]) -> None:
        assert asyncio.run(asyncio.wait_for(names[profile](), LIMIT)) is True

    def test_another_serial_number_than_the_certificate_s_is_shown_out(
        self, names: dict[str, Any]
    ) -> None:
        station = names["certified_station"]("garage-7", "CP002")
        csms = names["certified"]

        async def play() -> ConnectionClosed:
            events = csms.stations.events()
            async with (
                websockets.serve(csms, "localhost", 0, ssl=names["mutual_tls"]) as server,
                websockets.connect(station, f"wss://localhost:{server.port}"),
            ):
                return await anext(each.end async for each in events if hasattr(each, "end"))

        end = asyncio.run(asyncio.wait_for(play(), LIMIT))
        assert (end.by, end.code) == ("us", 1008)

    def test_the_authenticator_of_one_s_own(self, names: dict[str, Any]) -> None:
        directory = names["Directory"]()
        directory.add("CP001", b"correct horse battery")

        def verdict(identity: str, password: bytes | None) -> object:
            shown = Credentials(identity=identity, password=password)
            return asyncio.run(directory.authenticate(shown))

        assert verdict("CP001", b"correct horse battery") is Verdict.ACCEPTED
        assert verdict("CP001", b"correct horse") is Verdict.REFUSED
        assert verdict("CP001", None) is Verdict.REFUSED
        assert verdict("CP002", b"correct horse battery") is Verdict.UNKNOWN


class TestEngine:
    def test_the_code_runs(self) -> None:
        names = executed("guides/engine.md")
        assert names["station"].calls_waiting == 0
        assert list(names["csms"].open_calls) == [names["second"]]

    def test_the_pictures_are_the_code_s(self) -> None:
        """`python -m support.drawings` in `tests/` draws them anew."""
        page = drawings.PAGE.read_text("utf-8")
        assert drawings.drawn(page) == page
        for name, draw in drawings.PARTS.items():
            assert f"<!-- drawn: {name} -->\n\n{draw()}\n\n<!-- end -->" in page

    def test_another_table_is_another_page(self, monkeypatch: pytest.MonkeyPatch) -> None:
        page = drawings.PAGE.read_text("utf-8")
        (place, move), *others = TRANSITIONS.items()
        monkeypatch.setattr("support.drawings._states.TRANSITIONS", dict(others))
        assert drawings.drawn(page) != page
        monkeypatch.setattr(
            "support.drawings._states.TRANSITIONS", {**dict(others), place: (move[0], "lost")}
        )
        assert drawings.drawn(page) != page


class TestSecurityNotes:
    TEXT = (DOCS / "guides/security-notes.md").read_text("utf-8")
    PROOF = re.compile(r"^\| ([\w-]+) \| \[(\S+)\]\(\.\./\.\./(\S+)\) \| `(\w+)` \|$", re.MULTILINE)

    def test_every_claim_has_a_proof_and_every_proof_a_claim(self) -> None:
        claimed = set(re.findall(r"\[\[([\w-]+)\]\]\(#proofs\)", self.TEXT))
        assert claimed == {name for name, *_ in self.PROOF.findall(self.TEXT)}
        rows = self.TEXT.partition("## Proofs")[2].strip().count("\n") - 1
        assert len(self.PROOF.findall(self.TEXT)) == rows

    def test_what_the_sdk_does_is_proved(self) -> None:
        rows = re.findall(r"^\| (CR [\d., ]+) \|[^|]+\|([^|]+)\|", self.TEXT, re.MULTILINE)
        assert len(rows) > 25
        unproved = [name for name, cell in rows if "(#proofs)" not in cell]
        assert unproved == ["CR 1.1", "CR 3.3"]  # what it does not do; `make test`

    @pytest.mark.parametrize(("name", "shown", "path", "word"), PROOF.findall(TEXT))
    def test_the_proof_is_there(self, name: str, shown: str, path: str, word: str) -> None:
        assert shown == path
        code = (ROOT / path).read_text("utf-8")
        assert re.search(rf"^ *(async def|def|class) {word}\b", code, re.MULTILINE), name

    def test_the_settings_are_as_shown(self) -> None:
        csms = executed("guides/security-notes.md")["csms"]
        assert (csms.limits.frame_bytes, csms.limits.handlers) == (262144, 8)


class TestReadme:
    """Its commands about regeneration, with a ZIP and an erratum as the guide on errata makes them."""

    def test_its_commands_run(self, tmp_path: Path) -> None:
        console = Console(tmp_path)
        page = {block.file: block for block in blocks(DOCS / "guides/errata-day.md")}
        for name in ("edition.py", "limits.toml"):
            console.put(page[name])
        console.run("python edition.py")
        (tmp_path / "edition-5.zip").rename(tmp_path / "OCPP-2.0.1_all_files.zip")
        (shell,) = [
            block.text
            for block in blocks(ROOT / "README.md")
            if block.language == "sh" and "ocppkit " in block.text
        ]
        lines = [line for line in shell.splitlines() if line.startswith("ocppkit ")]
        assert len(lines) == 5
        for line in lines:
            told = console.run(f"{line.partition('#')[0]} && echo DONE")
            assert told.endswith("DONE\n"), told


class TestHelp:
    """The examples in the helps can be typed: their commands, options and arguments exist."""

    @staticmethod
    def examples(command: Any) -> list[str]:
        texts = str(command.epilog).split("\n\n")
        assert texts[0] == "Examples:", command.name
        below = getattr(command, "commands", {}).values()
        return texts[1:] + [text for each in below for text in TestHelp.examples(each)]

    def test_every_example_is_understood(self) -> None:
        root: Any = typer.main.get_command(app)
        examples = self.examples(root)
        assert len(examples) >= 15
        for example in examples:
            program, *words = shlex.split(example)
            command = root
            while hasattr(command, "commands"):
                command = command.commands[words.pop(0)]
            assert program == "ocppkit"
            assert command.make_context(example, words).params
