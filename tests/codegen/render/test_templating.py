"""A template that is wrong is an error with its file and line."""

from pathlib import Path

import pytest

from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen.render._templating import jinja_environment, render


def rendered(folder: Path, name: str, text: str, **variables: object) -> str:
    (folder / name).write_text(text, "utf-8")
    return render(jinja_environment([folder]), name, variables)


def test_a_template(tmp_path: Path) -> None:
    assert (
        rendered(tmp_path, "a.md.jinja", "{% if x %}\n{{ x }}\n{% endif %}\n", x="<1>") == "<1>\n"
    )


def test_what_is_no_template_is_copied(tmp_path: Path) -> None:
    assert rendered(tmp_path, "a.txt", "{{ x }}") == "{{ x }}"


def test_the_first_folder_wins(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / "a.txt").write_text(folder.name, "utf-8")
    assert render(jinja_environment(folders), "a.txt", {}) == "one"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("\n{{ nobody }}", "UndefinedError"),
        ("\n{% if %}", "TemplateSyntaxError"),
        ("\n{{ 1 / 0 }}", "ZeroDivisionError"),
        ("\n{{ [].pop() }}", "IndexError"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(CodegenError, match=rf"a\.md\.jinja:2: {error}"):
        rendered(tmp_path, "a.md.jinja", text)


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match=r"b\.jinja: TemplateNotFound"):
        render(jinja_environment([tmp_path]), "b.jinja", {})
