"""The exception of the generator."""

import pickle

from ocppkit.codegen import CodegenError


def test_it_says_what_where_and_the_cure() -> None:
    error = CodegenError("no type", file="a.json", pointer="/properties/b", cure="add one")
    assert str(error) == "a.json#/properties/b: no type\n  cure: add one"
    assert str(CodegenError("no tags", file="b.jinja", line=3)) == "b.jinja:3: no tags"
    assert str(CodegenError("nothing at all")) == "nothing at all"


def test_it_crosses_processes_whole() -> None:
    error = CodegenError("no type", file="a.json", pointer="/b", line=2, cure="add one")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is CodegenError
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)
