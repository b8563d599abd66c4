"""The command `ocppkit schemas`: imports schemas, and compares imported schemas with their source or lock."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from ._terminal import in_checkout, list_examples, show_warnings, write_output
from ._watch import changed_messages, fetch_archive, is_url, next_steps

if TYPE_CHECKING:
    from ocppkit.codegen import Corrections, VerifyReport, VerifyRow

__all__ = ["app"]


app = typer.Typer(
    help="Imports the official schemas, and checks imported schemas.",
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
        """The draft that the generator uses, 4 or 6; the supported keywords of later drafts are those of 6."""
        return 4 if self is Draft.DRAFT_4 else 6


_Draft = Annotated[
    Draft | None,
    typer.Option(
        "--draft",
        help="JSON Schema draft of files that do not name one.",
        show_default="the one of the shipped schema, with a warning",
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
        help="TOML file of corrections to the source, or a folder of such files.",
    ),
]
_SchemasFolder = Annotated[
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
        typer.Option(help="Name of the source, for the lock.", show_default="its file name"),
    ] = None,
    source_version: Annotated[
        str, typer.Option(help="Edition or release of the source, for the lock.")
    ] = "not stated",
    corrections: _Corrections = None,
    suggest: Annotated[
        Path | None,
        typer.Option(help="Write only a new file with the corrections that the source needs."),
    ] = None,
    draft: _Draft = None,
) -> None:
    """Imports the official schemas: writes their structure to a folder, with a lock.

    Titles, descriptions and comments are left out. If a schema is invalid, nothing is written.
    """
    from ocppkit.codegen import folder_of, has_sends, import_schemas, load_corrections

    folder_of(version)  # raises an error for a text such as "2"
    known = load_corrections(*corrections or ())
    if suggest is not None:
        own = [one for one in known if one.source is None and one.version == version]
        _suggest(source, version, own, suggest)
        return
    report = import_schemas(
        source,
        version,
        _import_folder(output),
        source_name=name or source.resolve().name,
        source_version=source_version,
        corrections=known,
        sends=has_sends(version),
        draft=draft.read_as if draft else None,
    )
    show_warnings(report.warnings, "if you know the draft, add --draft 4, 6, 7, 2019-09 or 2020-12")
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
    typer.echo(
        f"OCPP {version}: {count} schemas in {report.folder}{_editions_text(report.editions)}"
    )


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
    schemas: _SchemasFolder = None,
    corrections: _Corrections = None,
    draft: _Draft = None,
) -> None:
    """Compares a source with the imported schemas, file by file.

    Exits with 1 if a message is missing, only in the source, or has another structure. Files that
    differ only in their bytes count as equal.
    """
    from ocppkit.codegen import load_corrections, verify_schemas

    report = verify_schemas(
        source,
        version,
        _schemas_folder(schemas),
        corrections=load_corrections(*corrections or ()),
        draft=draft.read_as if draft else None,
    )
    show_warnings(report.warnings, "if you know the draft, add --draft 4, 6, 7, 2019-09 or 2020-12")
    for row in report.rows:
        for line in _row_lines(row):
            typer.echo(line)
    typer.echo(_status_counts(report))
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
    schemas: _SchemasFolder = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="File to save a downloaded archive to, if it differs.",
            show_default="none",
        ),
    ] = None,
    edition: Annotated[
        str, typer.Option(help="Name of the edition, for the commands that are printed.")
    ] = "not stated",
) -> None:
    """Checks whether a source differs from the imported schemas, and if so prints the next steps.

    Exits with 1 if it differs, so that a nightly job in CI can report a new edition.
    """
    from ocppkit.codegen import verify_schemas

    with TemporaryDirectory(prefix="ocppkit-") as folder:
        path = fetch_archive(source, Path(folder)) if is_url(source) else Path(source)
        report = verify_schemas(path, version, _schemas_folder(schemas))
        lines = list(changed_messages(report))
        if lines and is_url(source) and keep is not None:
            write_output(path.read_bytes(), keep)
    if not lines:
        typer.echo(f"nothing new\n{_status_counts(report)}")
        return
    for line in lines:
        typer.echo(line)
    typer.echo(_status_counts(report))
    for line in next_steps(source, version, edition, keep):
        typer.echo(line)
    raise typer.Exit(1)


@app.command(
    "check",
    epilog=list_examples(
        "ocppkit schemas check",
        "ocppkit schemas check --schemas vendor/schemas",
    ),
)
def check(schemas: _SchemasFolder = None) -> None:
    """Compares the imported schemas with their lock; exits with 1 if one was edited, added or removed."""
    from ocppkit.codegen import check_lock

    folder = _schemas_folder(schemas)
    problems = check_lock(folder)
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        raise typer.Exit(1)
    typer.echo(f"the schemas in {folder} match their lock")


def _suggest(
    source: Path, version: str, corrections: Sequence["Corrections"], output: Path
) -> None:
    """Writes the corrections that a source needs, and prints the errors that no correction solves.

    Raises:
        CodegenError: the file exists already, or cannot be written.
    """
    from ocppkit.codegen import has_sends, suggest_corrections

    found = suggest_corrections(source, version, sends=has_sends(version), corrections=corrections)
    for error in found.refused:
        typer.echo(f"no correction can be suggested: {error}")
    if not found.text:
        typer.echo("there are no corrections to suggest")
    else:
        write_output(found.text, output, option="--suggest")
        each = (
            "1 correction: review it"
            if found.count == 1
            else f"{found.count} corrections: review each"
        )
        typer.echo(
            f"{output} has {each} and write its reason, then import with --corrections {output}"
        )
    if found.refused:
        raise typer.Exit(1)


def _import_folder(output: Path | None) -> Path:
    from ocppkit.codegen import CodegenError

    if output is not None:
        return output
    if not in_checkout():
        raise CodegenError(
            "there is no output folder: none is named, and this is not a checkout of ocppkit",
            cure="name the folder for the schemas: --output DIR",
        )
    return Path("schemas")


def _schemas_folder(schemas: Path | None) -> Path:
    from ocppkit.codegen import schemas_dir

    if schemas is not None:
        return schemas
    return Path("schemas") if in_checkout() else schemas_dir()


def _row_lines(row: "VerifyRow") -> Iterator[str]:
    from ocppkit.codegen import VerifyStatus

    if row.status in (VerifyStatus.IDENTICAL, VerifyStatus.SAME_STRUCTURE):
        return
    yield f"{row.message}: {row.status}{f' ({row.path})' if row.path else ''}"
    yield from (f"  {difference}" for difference in row.differences)


def _status_counts(report: "VerifyReport") -> str:
    """Returns a line with the number of messages of each status, and the editions that the source names."""
    from ocppkit.codegen import VerifyStatus

    statuses = [row.status for row in report.rows]
    counts = ", ".join(
        f"{statuses.count(status)} {status}" for status in VerifyStatus if status in statuses
    )
    return f"OCPP {report.version}: {counts}{_editions_text(report.editions)}"


def _editions_text(editions: Sequence[str]) -> str:
    return f"\nedition according to the source: {'; '.join(editions)}" if editions else ""
