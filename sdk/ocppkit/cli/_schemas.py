"""`ocppkit schemas`: takes schemas in, and says whether ours are what a source says."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from ._terminal import list_examples, show_warnings, write_output
from ._watch import day_of_work, fetched, is_url, news

if TYPE_CHECKING:
    from ocppkit.codegen import Corrections, VerifyReport, VerifyRow

__all__ = ["app"]


app = typer.Typer(
    help="Imports the official schemas, or verifies ours against them.",
    epilog=list_examples(
        "ocppkit schemas import OCPP-2.1.zip --version 2.1 --output vendor/schemas",
        "ocppkit schemas verify OCPP-2.1.zip --version 2.1",
    ),
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


class Draft(StrEnum):
    """A draft of JSON Schema."""

    DRAFT_4 = "4"
    DRAFT_6 = "6"
    DRAFT_7 = "7"
    DRAFT_2019 = "2019-09"
    DRAFT_2020 = "2020-12"

    @property
    def read_as(self) -> int:
        """The draft whose rules the generator applies: those after 6 mean the same."""
        return 4 if self is Draft.DRAFT_4 else 6


_Draft = Annotated[
    Draft | None,
    typer.Option(
        "--draft",
        help="JSON Schema draft of files that do not name one.",
        show_default="that of ours, with a warning",
    ),
]
_Source = Annotated[
    Path, typer.Argument(help="ZIP of the Open Charge Alliance, or a folder of JSON schemas.")
]
_Version = Annotated[
    str, typer.Option(help="OCPP version of the source, such as 1.6, 2.0.1 or 2.1.")
]
_Corrections = Annotated[
    list[Path] | None,
    typer.Option(
        "--corrections",
        help="TOML file of corrections of the source's files, or a folder of them.",
    ),
]
_Ours = Annotated[
    Path | None,
    typer.Option(
        "--schemas",
        help="Folder with lock.toml and a folder per version.",
        show_default="schemas/ of a checkout, else the shipped ones",
    ),
]


@app.command(
    "import",
    epilog=list_examples(
        'ocppkit schemas import OCPP-2.1.zip --version 2.1 --source-version "edition 2"',
        "ocppkit schemas import vendor/json --version 2.0.1 --output vendor/schemas",
    ),
)
def import_(
    source: _Source,
    version: _Version,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder with lock.toml and a folder per version.",
            show_default="schemas/ of a checkout",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What the source is called, for the lock.", show_default="its file name"),
    ] = None,
    source_version: Annotated[
        str, typer.Option(help="Which edition or release of it, for the lock.")
    ] = "not stated",
    corrections: _Corrections = None,
    suggest: Annotated[
        Path | None,
        typer.Option(
            help="New file for the corrections that the source needs; nothing else is written."
        ),
    ] = None,
    draft: _Draft = None,
) -> None:
    """Derives the structure of the official schemas and writes it to a folder, with a lock.

    Titles, descriptions and comments stay behind. Nothing is written if anything is refused.
    """
    from ocppkit.codegen import folder_of, has_sends, import_schemas, load_corrections

    folder_of(version)  # refuses what is no version
    known = load_corrections(*corrections or ())
    if suggest is not None:
        own = [one for one in known if one.source is None and one.version == version]
        _suggest(source, version, own, suggest)
        return
    report = import_schemas(
        source,
        version,
        _target(output),
        source_name=name or source.resolve().name,
        source_version=source_version,
        corrections=known,
        sends=has_sends(version),
        draft=draft.read_as if draft else None,
    )
    show_warnings(report.warnings, "say --draft 4, 6, 7, 2019-09 or 2020-12 if you know it")
    for words, messages in (
        ("new", report.added),
        ("changed", report.changed),
        ("removed", report.removed),
    ):
        for message in messages:
            typer.echo(f"{words:<9} {message}")
    for applied in report.applied:
        reason = " ".join(applied.change.reason.split())
        typer.echo(f"{applied.outcome:<9} correction of {applied.change.path}: {reason}")
    count = len(report.added) + len(report.changed) + len(report.unchanged)
    typer.echo(f"OCPP {version}: {count} schemas in {report.folder}{_claims(report.editions)}")


@app.command(
    "verify",
    epilog=list_examples(
        "ocppkit schemas verify OCPP-2.0.1_all_files.zip --version 2.0.1",
        "ocppkit schemas verify vendor/json --version 1.6 --schemas vendor/schemas",
    ),
)
def verify(
    source: _Source,
    version: _Version,
    schemas: _Ours = None,
    corrections: _Corrections = None,
    draft: _Draft = None,
) -> None:
    """Compares a source with our schemas, file by file.

    Exits with 1 if a message is missing, superfluous or of another structure; other bytes that say
    the same are no difference.
    """
    from ocppkit.codegen import load_corrections, verify_schemas

    report = verify_schemas(
        source,
        version,
        _ours(schemas),
        corrections=load_corrections(*corrections or ()),
        draft=draft.read_as if draft else None,
    )
    show_warnings(report.warnings, "say --draft 4, 6, 7, 2019-09 or 2020-12 if you know it")
    for row in report.rows:
        for line in _row(row):
            typer.echo(line)
    typer.echo(_counts(report))
    if not report.ok:
        raise typer.Exit(1)


@app.command(
    "watch",
    epilog=list_examples(
        "ocppkit schemas watch OCPP-2.0.1_all_files.zip --version 2.0.1",
        "ocppkit schemas watch https://example.com/OCPP-2.1.zip --version 2.1 --keep OCPP-2.1.zip",
    ),
)
def watch(
    source: Annotated[
        str, typer.Argument(help="ZIP, folder of JSON schemas, or the URL of a ZIP.")
    ],
    version: _Version,
    schemas: _Ours = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="File for an archive that was fetched and has something new.",
            show_default="none",
        ),
    ] = None,
    edition: Annotated[
        str, typer.Option(help="What the edition is called, for the commands that are shown.")
    ] = "not stated",
) -> None:
    """Compares a source with our schemas and their lock, and says what to do if something is new.

    Exits with 1 then, so that a job in CI that runs every night tells of a new edition.
    """
    from ocppkit.codegen import verify_schemas

    with TemporaryDirectory(prefix="ocppkit-") as folder:
        path = fetched(source, Path(folder)) if is_url(source) else Path(source)
        report = verify_schemas(path, version, _ours(schemas))
        lines = list(news(report))
        if lines and is_url(source) and keep is not None:
            write_output(path.read_bytes(), keep)
    if not lines:
        typer.echo(f"nothing new\n{_counts(report)}")
        return
    for line in lines:
        typer.echo(line)
    typer.echo(_counts(report))
    for line in day_of_work(source, version, edition, keep):
        typer.echo(line)
    raise typer.Exit(1)


@app.command(
    "check",
    epilog=list_examples(
        "ocppkit schemas check",
        "ocppkit schemas check --schemas vendor/schemas",
    ),
)
def check(schemas: _Ours = None) -> None:
    """Compares our schemas with their lock, and exits with 1 if one was edited, added or lost."""
    from ocppkit.codegen import check_lock

    folder = _ours(schemas)
    deviations = check_lock(folder)
    for deviation in deviations:
        typer.echo(str(deviation))
    if deviations:
        raise typer.Exit(1)
    typer.echo(f"the schemas in {folder} are as locked")


def _suggest(
    source: Path, version: str, corrections: Sequence["Corrections"], output: Path
) -> None:
    """Writes the corrections that a source needs, and says what no correction is known for.

    Raises:
        CodegenError: the file is there already, or cannot be written.
    """
    from ocppkit.codegen import has_sends, suggest_corrections

    found = suggest_corrections(source, version, sends=has_sends(version), corrections=corrections)
    for error in found.refused:
        typer.echo(f"no correction known: {error}")
    if not found.text:
        typer.echo("no corrections to suggest")
    else:
        write_output(found.text, output, option="--suggest")
        typer.echo(
            f"{found.count} corrections in {output}: look at each, say why, then import with "
            f"--corrections {output}"
        )
    if found.refused:
        raise typer.Exit(1)


def _target(output: Path | None) -> Path:
    from ocppkit.codegen import CodegenError

    if output is not None:
        return output
    if not _in_checkout():
        raise CodegenError(
            "this folder is no checkout of ocppkit, so there is no schemas/ to import to",
            cure="say where the schemas go: --output DIR",
        )
    return Path("schemas")


def _ours(schemas: Path | None) -> Path:
    from ocppkit.codegen import schemas_dir

    if schemas is not None:
        return schemas
    return Path("schemas") if _in_checkout() else schemas_dir()


def _in_checkout() -> bool:
    return Path("schemas").is_dir() and Path("templates").is_dir()


def _row(row: "VerifyRow") -> Iterator[str]:
    from ocppkit.codegen import Status

    if row.status in (Status.IDENTICAL, Status.SAME_STRUCTURE):
        return
    yield f"{row.message}: {row.status}{f' ({row.path})' if row.path else ''}"
    yield from (f"  {difference}" for difference in row.differences)


def _counts(report: "VerifyReport") -> str:
    """Says how many messages compare in which way, and what the source claims to be."""
    from ocppkit.codegen import Status

    statuses = [row.status for row in report.rows]
    counts = ", ".join(
        f"{statuses.count(status)} {status}" for status in Status if status in statuses
    )
    return f"OCPP {report.version}: {counts}{_claims(report.editions)}"


def _claims(editions: Sequence[str]) -> str:
    return f"\nthe source calls itself: {'; '.join(editions)}" if editions else ""
