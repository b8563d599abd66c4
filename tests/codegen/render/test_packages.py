"""The shipped packages, as imported: messages alone, and a PROTOCOL that is complete."""

import ast
import importlib
import inspect
import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from ocppkit import core
from ocppkit.codegen import VERSIONS, Api, Job, load_api
from ocppkit.core import Protocol, Role

EACH = pytest.mark.parametrize("version", VERSIONS)

FORBIDDEN = {
    "asyncio",
    "multiprocessing",
    "pydantic",
    "random",
    "selectors",
    "socket",
    "ssl",
    "threading",
    "websockets",
    "ocppkit.aio",
    "ocppkit.cli",
    "ocppkit.codegen",
    "ocppkit.csms",
    "ocppkit.station",
    "ocppkit.testing",
    "ocppkit.transports",
}
SENDERS = {
    frozenset({Role.STATION}): "station",
    frozenset({Role.CSMS}): "csms",
    frozenset({Role.STATION, Role.CSMS}): "both",
}


@cache
def api_of(version: str) -> Api:
    return load_api(Job(version, f"ocppkit.{VERSIONS[version]}"))


def package_of(version: str) -> Any:
    return importlib.import_module(f"ocppkit.{VERSIONS[version]}")


def generate_protocol(version: str) -> Protocol:
    protocol = package_of(version).PROTOCOL
    assert isinstance(protocol, Protocol)
    return protocol


@EACH
def test_importing_a_version_loads_messages_alone(version: str) -> None:
    name = VERSIONS[version]
    code = f"import json, sys, ocppkit.{name}; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(answer.stdout))
    assert not loaded & FORBIDDEN
    parts = {
        each.removeprefix("ocppkit.").split(".")[0]
        for each in loaded
        if each.startswith("ocppkit.")
    }
    assert parts == {"core", name}
    own = {each for each in loaded if each.startswith(f"ocppkit.{name}.")}
    expected = {"bases", "constraints", "datatypes", "enums", "messages", "registry"}
    assert {each.split(".")[2] for each in own} == expected
    assert len(own) == len(expected) + len(api_of(version).actions)


@EACH
def test_roles_and_pydantic_models_are_there_for_the_asking(version: str) -> None:
    package = package_of(version)
    roles = importlib.import_module(f"{package.__name__}.roles")
    assert set(roles.__all__) <= set(dir(roles))
    models = importlib.import_module(f"{package.__name__}.pydantic")
    assert set(models.__all__) <= set(dir(models))


@EACH
def test_the_face_exports_all_that_is_generated(version: str) -> None:
    package, api = package_of(version), api_of(version)
    names = {enum.name for enum in api.enums} | {each.name for each in api.datatypes}
    names |= {message.name for action in api.actions for message in action.messages}
    assert set(package.__all__) == names | {"PROTOCOL"}
    assert all(hasattr(package, name) for name in names)


@EACH
def test_the_protocol_is_what_the_facts_say(version: str) -> None:
    protocol, facts = generate_protocol(version), api_of(version).protocol
    assert (protocol.version, protocol.subprotocol) == (facts.version, facts.subprotocol)
    assert protocol.package == f"ocppkit.{VERSIONS[version]}"
    assert protocol.blocks == facts.blocks
    assert {code.value: word for code, word in protocol.error_codes.items()} == facts.error_codes
    assert {kind.name.lower() for kind in protocol.message_types} == set(facts.message_types)
    assert {failure.value for failure in protocol.replies} == set(facts.replies)


@EACH
def test_the_protocol_knows_every_action_and_its_messages(version: str) -> None:
    package, protocol = package_of(version), generate_protocol(version)
    actions = api_of(version).actions
    assert list(protocol.actions) == [action.name for action in actions]
    for each in actions:
        action = protocol.actions[each.name]
        assert action.name == each.name
        assert action.request is getattr(package, each.request.name)
        assert action.response is (getattr(package, each.response.name) if each.response else None)
        assert action.answered == (each.response is not None)
        for message in (action.request, action.response):
            assert message is None or message.__ocpp_action__ == each.name


@EACH
def test_each_action_carries_its_facts(version: str) -> None:
    protocol = generate_protocol(version)
    for each in api_of(version).actions:
        action, facts = protocol.actions[each.name], each.facts
        assert SENDERS[action.senders] == facts.direction
        assert action.block == facts.block
        assert action.block in protocol.blocks
        assert action.use_cases == facts.use_cases
        assert action.transaction_related == facts.transaction_related
        assert action.offline.value == facts.offline
        assert action.correlation == facts.correlation
        assert action.parts == facts.parts
        assert action.triggers == facts.triggers


@EACH
def test_the_bases_of_a_request_say_who_sends_it(version: str) -> None:
    bases = importlib.import_module(f"ocppkit.{VERSIONS[version]}.bases")
    for action in generate_protocol(version).actions.values():
        kinds = (
            ("StationRequest", "CsmsRequest") if action.answered else ("StationSend", "CsmsSend")
        )
        for role, kind in zip((Role.STATION, Role.CSMS), kinds, strict=True):
            for family in (bases, core):
                assert issubclass(action.request, getattr(family, kind)) == (role in action.senders)


@EACH
def test_a_request_names_its_response(version: str) -> None:
    bases = importlib.import_module(f"ocppkit.{VERSIONS[version]}.bases")
    for action in generate_protocol(version).actions.values():
        # The parameter is for type checkers: nothing of it is left at run time.
        (definition,) = ast.parse(inspect.getsource(action.request)).body
        assert isinstance(definition, ast.ClassDef)
        named = {
            ast.unparse(base.slice) for base in definition.bases if isinstance(base, ast.Subscript)
        }
        assert named == ({action.response.__name__} if action.response else set())
        assert action.response is None or issubclass(action.response, bases.Response)


def paragraphs(message: type[object]) -> list[str]:
    """The paragraphs of a docstring, each on one line."""
    text = inspect.getdoc(message) or ""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


@EACH
def test_messages_say_what_they_are_for(version: str) -> None:
    for each in api_of(version).actions:
        action = generate_protocol(version).actions[each.name]
        assert paragraphs(action.request) == [each.facts.purpose, str(each.request.doc)]
        if each.response is not None:
            assert action.response is not None
            first = f"Answers :class:`{each.request.name}`."
            assert paragraphs(action.response) == [first, str(each.response.doc)]
        module = sys.modules[action.request.__module__]
        assert (module.__doc__ or "").startswith(f"{each.name} (OCPP {version}): ")


@EACH
def test_classes_have_the_options_that_were_measured(version: str) -> None:
    package = package_of(version)
    for fields in api_of(version).fields_of():
        config = getattr(getattr(package, fields), "__struct_config__", None)
        if config is None:
            assert issubclass(getattr(package, fields), core.OpenObject)
            continue
        assert (config.frozen, config.gc, config.omit_defaults) == (True, False, True)
        assert config.forbid_unknown_fields


def test_drafts_are_marked() -> None:
    package = package_of("1.6")
    drafts = {
        message.name: message.draft for each in api_of("1.6").actions for message in each.messages
    }
    marked = {name: getattr(package, name).__ocpp_draft__ for name in drafts}
    assert marked == drafts
    assert {drafts["ResetRequest"], drafts["SignCertificateRequest"]} == {4, 6}
