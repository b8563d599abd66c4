"""Files, folders, compression and encodings."""

import gzip
from pathlib import Path

import pytest

from ocppkit.tools import LogFileError, read_logs

LINE = 'CP001 < [2,"1","Heartbeat",{}]\n'


def test_the_content_tells_compression_and_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(gzip.compress(LINE.encode()))
    (tmp_path / "b.log").write_bytes(LINE.encode("utf-16"))
    (tmp_path / "c.log").write_bytes(b"\xef\xbb\xbf" + LINE.encode())
    (tmp_path / "d.log.gz").write_bytes(LINE.encode())
    frames = list(read_logs([tmp_path]))
    assert [frame.station for frame in frames] == ["CP001"] * 4
    assert [Path(frame.source).name for frame in frames] == ["a.log", "b.log", "c.log", "d.log.gz"]


def test_rotated_files_of_a_folder_come_before_the_last(tmp_path: Path) -> None:
    for name in ("b.log", "b.log.1", "b.log.10.gz", "b.log.2", "a.log", ".hidden", "c.20260105"):
        (tmp_path / name).write_text('[2,"1","Heartbeat",{}]\n')
    frames = list(read_logs([str(tmp_path)]))
    assert [Path(frame.source).name for frame in frames] == [
        "a.log", "b.log.10.gz", "b.log.2", "b.log.1", "b.log", "c.20260105",
    ]  # fmt: skip
    assert [frame.station for frame in frames] == ["a", "b", "b", "b", "b", "c"]


def test_lines_are_counted_and_others_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text(f"hello\n\n{LINE}\xff bye\n{LINE}", "latin-1")
    others: list[str] = []
    assert [frame.line for frame in read_logs([log], other=others.append)] == [3, 5]
    assert others == ["hello\n", "\\xff bye\n"]


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text(LINE * 10_000)
    told: list[tuple[str, int, int]] = []
    frames = list(read_logs([log], progress=lambda *each: told.append(each)))
    assert len(frames) == 10_000
    assert [name for name, _, _ in told] == [str(log)] * 2
    assert all(0 < done <= size for _, done, size in told)


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("x" * (9 << 20))
    others: list[str] = []
    assert list(read_logs([log], other=others.append)) == []
    assert [len(each) for each in others] == [1 << 22, 1 << 22, 1 << 20]


def test_what_cannot_be_read_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(LogFileError, match=r"nowhere\.log cannot be read"):
        list(read_logs([tmp_path / "nowhere.log"]))
    whole = gzip.compress((LINE * 5000).encode())
    damaged = tmp_path / "x.gz"
    for data in (whole[:-20], whole[:50] + b"\0\1\2" * 40 + whole[50:], whole[:-8] + b"\0" * 8):
        damaged.write_bytes(data)
        with pytest.raises(LogFileError, match=r"x\.gz cannot be read"):
            list(read_logs([damaged]))
