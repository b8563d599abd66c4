"""`ocppkit schemas watch`: what is new in a file or at a URL, and the commands for the day it is."""

import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ocppkit.cli._watch import fetch_archive, is_url
from support.cli_outcomes import Cli
from support.schema_files import refused
from support.schema_pairs import document, text

SHORT, LONG = document({"x": text(maxLength=5)}), document({"x": text(maxLength=9)})


def archive(**messages: Any) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        for message, schema in messages.items():
            zipped.writestr(f"{message}.json", json.dumps(schema))
    return data.getvalue()


OLD = archive(ResetRequest=SHORT, ResetResponse=document())
NEW = archive(
    ResetRequest=LONG, ResetResponse=document(), PingRequest=SHORT, PingResponse=document()
)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        bodies = {"/old.zip": OLD, "/new.zip": NEW}
        body = bodies.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps the output of the tests clean."""


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.zip").write_bytes(OLD)
    Path("new.zip").write_bytes(NEW)
    outcome = cli("schemas", "import", "old.zip", "--version", "2.0.1", "--output", "mine")
    assert outcome.status == 0


WATCH = ("--version", "2.0.1", "--schemas", "mine")


def test_the_same_edition_is_nothing_new(cli: Cli) -> None:
    outcome = cli("schemas", "watch", "old.zip", *WATCH)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == "nothing new\nOCPP 2.0.1: 2 identical\n"


def test_a_new_edition_opens_the_day_s_work(cli: Cli) -> None:
    outcome = cli("schemas", "watch", "new.zip", *WATCH, "--edition", "edition 5")
    assert outcome.status == 1
    lines = outcome.out.splitlines()
    assert lines[:2] == ["PingRequest: only in the source", "PingResponse: only in the source"]
    assert "ResetRequest: different" in lines
    commands = [line.strip() for line in lines if line.startswith("  ocppkit")]
    assert commands == [
        "ocppkit schemas import new.zip --version 2.0.1 --output new --source-version 'edition 5'",
        "ocppkit diff 2.0.1 new --fail-on breaking",
        "ocppkit generate --version 2.0.1 --base new/v201 --package ... --output ...",
    ]


def test_the_commands_can_be_run(cli: Cli) -> None:
    arguments = ("schemas", "import", "new.zip", "--version", "2.0.1", "--output", "new")
    assert cli(*arguments, "--source-version", "edition 5").status == 0
    assert cli("diff", "2.0.1", "new", "--fail-on", "breaking").status == 1


def test_a_url_is_fetched(cli: Cli, server: str) -> None:
    assert cli("schemas", "watch", f"{server}/old.zip", *WATCH).status == 0
    outcome = cli("schemas", "watch", f"{server}/new.zip", *WATCH, "--keep", "kept.zip")
    assert outcome.status == 1
    assert Path("kept.zip").read_bytes() == NEW
    assert "ocppkit schemas import kept.zip" in outcome.out


def test_nothing_is_kept_unless_it_is_new_and_wanted(cli: Cli, server: str) -> None:
    cli("schemas", "watch", f"{server}/old.zip", *WATCH, "--keep", "kept.zip")
    assert not Path("kept.zip").exists()
    outcome = cli("schemas", "watch", f"{server}/new.zip", *WATCH)
    assert f"  curl --location --remote-name {server}/new.zip\n" in outcome.out
    assert "ocppkit schemas import new.zip" in outcome.out


def test_a_place_where_nothing_can_be_kept_is_refused(cli: Cli, server: str) -> None:
    outcome = cli("schemas", "watch", f"{server}/new.zip", *WATCH, "--keep", "none/kept.zip")
    assert "none/kept.zip: the output file cannot be written" in outcome.problem


def test_a_url_that_leads_nowhere_is_refused(cli: Cli, server: str) -> None:
    outcome = cli("schemas", "watch", f"{server}/gone.zip", *WATCH)
    assert outcome.status == 2
    assert "gone.zip: the archive cannot be downloaded: Not Found" in outcome.err
    assert "cure: check the URL" in outcome.err


def test_an_endless_archive_is_refused(server: str, tmp_path: Path) -> None:
    with refused("the archive has more than the 100 bytes", file=f"{server}/new.zip"):
        fetch_archive(f"{server}/new.zip", tmp_path, most=100)


@pytest.mark.parametrize("source", ["file:///etc/hosts", "ftp://a/b.zip", "old.zip"])
def test_only_the_web_is_a_url(source: str) -> None:
    assert not is_url(source)
