"""A FastAPI application with the models as bodies and answers."""

import asyncio
import importlib
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Body, FastAPI

from corpus.equality import differences
from corpus.nodes import tree
from corpus.oracle import parse
from corpus.samples import maximal
from corpus.sources import VERSIONS, sources
from ocppkit import v16, v201
from ocppkit.core import utcnow
from ocppkit.v16 import pydantic as p16
from ocppkit.v21 import pydantic as p21
from ocppkit.v201 import pydantic as p201

Ask = Callable[[str, str, Any], httpx.Response]


def example() -> FastAPI:
    """Returns an application as users write them, in front of two versions at once."""
    # Classes of one name in two versions would else be told apart by direction too.
    app = FastAPI(separate_input_output_schemas=False)

    @app.post("/v16/boot")
    def boot_16(request: p16.BootNotificationRequest) -> p16.BootNotificationResponse:
        message = request.to_msgspec()
        assert type(message) is v16.BootNotificationRequest
        return p16.BootNotificationResponse(
            status=v16.RegistrationStatus.ACCEPTED, current_time=utcnow(), interval=300
        )

    @app.post("/v201/boot")
    def boot_201(request: p201.BootNotificationRequest) -> p201.BootNotificationResponse:
        message = request.to_msgspec()
        assert type(message) is v201.BootNotificationRequest
        response = v201.BootNotificationResponse(
            status=v201.RegistrationStatusEnumType.ACCEPTED, current_time=utcnow(), interval=300
        )
        return p201.BootNotificationResponse.from_msgspec(response)

    @app.post("/v201/data")
    def data(request: p201.DataTransferRequest) -> p201.DataTransferRequest:
        return request

    @app.post("/v201/profiles")
    def profiles(
        many: list[p201.ChargingProfileType], evse_id: Annotated[int, Body()]
    ) -> dict[str, p201.ChargingProfileType]:
        return {f"{evse_id}.{each.id}": each for each in many}

    @app.get("/v201/reset/{kind}")
    def reset(kind: v201.ResetEnumType) -> p201.ResetRequest:
        return p201.ResetRequest(type=kind)

    @app.post("/v21/stream")
    def stream(message: p21.NotifyPeriodicEventStream) -> int:
        return len(message.data)

    return app


def asking(app: FastAPI) -> Ask:
    """Returns a client without a network."""

    def ask(method: str, path: str, content: Any = None) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://csms") as client:
                return await client.request(method, path, json=content)

        return asyncio.run(once())

    return ask


@pytest.fixture(scope="module")
def ask() -> Ask:
    return asking(example())


@pytest.fixture(scope="module")
def openapi(ask: Ask) -> Any:
    return ask("GET", "/openapi.json", None).json()


BOOT = {"reason": "PowerUp", "chargingStation": {"model": "Wall-11", "vendorName": "ACME"}}


def errors(response: httpx.Response) -> list[tuple[list[str | int], str]]:
    assert response.status_code == 422
    return [(error["loc"], error["type"]) for error in response.json()["detail"]]


def test_a_message_is_a_body_and_an_answer(ask: Ask) -> None:
    response = ask("POST", "/v201/boot", BOOT)
    assert response.status_code == 200
    answer = response.json()
    assert answer.pop("currentTime").endswith("Z")
    assert answer == {"status": "Accepted", "interval": 300}


def test_each_version_has_its_own_body(ask: Ask) -> None:
    body = {"chargePointVendor": "ACME", "chargePointModel": "Wall-11"}
    assert ask("POST", "/v16/boot", body).status_code == 200
    assert errors(ask("POST", "/v201/boot", body)) == [
        (["body", "chargingStation"], "missing"),
        (["body", "reason"], "missing"),
        (["body", "chargePointVendor"], "extra_forbidden"),
        (["body", "chargePointModel"], "extra_forbidden"),
    ]


def test_errors_have_the_names_of_the_wire(ask: Ask) -> None:
    station = {"model": "a" * 21, "vendor_name": "ACME", "serialNumber": None}
    found = errors(ask("POST", "/v201/boot", {"reason": "Whim", "chargingStation": station}))
    assert sorted(found) == [
        (["body", "chargingStation", "model"], "string_too_long"),
        (["body", "chargingStation", "serialNumber"], "string_type"),
        (["body", "chargingStation", "vendorName"], "missing"),
        (["body", "chargingStation", "vendor_name"], "extra_forbidden"),
        (["body", "reason"], "enum"),
    ]


@pytest.mark.parametrize("body", [{"vendorId": "a"}, {"data": None, "vendorId": "a"}])
def test_null_and_absent_stay_apart(ask: Ask, body: Mapping[str, Any]) -> None:
    assert ask("POST", "/v201/data", body).json() == body


def test_custom_data_comes_back_whole(ask: Ask) -> None:
    body = {"vendorId": "a", "customData": {"vendorId": "b", "nothing": None, "deep": [{"x": 1.5}]}}
    assert ask("POST", "/v201/data", body).json() == body


def test_datatypes_are_bodies_too(ask: Ask) -> None:
    profile = {
        "id": 7,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "validFrom": "2024-05-06T14:00:00+02:00",
        "chargingSchedule": [
            {
                "id": 1,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
            }
        ],
    }
    response = ask("POST", "/v201/profiles", {"many": [profile], "evse_id": 2})
    assert response.json() == {"2.7": profile | {"validFrom": "2024-05-06T12:00:00Z"}}
    profile["chargingSchedule"] = []
    assert errors(ask("POST", "/v201/profiles", {"many": [profile], "evse_id": 2})) == [
        (["body", "many", 0, "chargingSchedule"], "too_short")
    ]


def test_enums_are_parameters(ask: Ask) -> None:
    assert ask("GET", "/v201/reset/OnIdle", None).json() == {"type": "OnIdle"}
    assert errors(ask("GET", "/v201/reset/Soon", None)) == [(["path", "kind"], "enum")]


def test_a_send_is_a_body(ask: Ask) -> None:
    item = {"t": 0, "v": "1"}
    body = {"id": 1, "pending": 0, "basetime": "2024-05-06T12:00:00Z", "data": [item, item]}
    assert ask("POST", "/v21/stream", body).json() == 2


def test_openapi_names_the_bodies(openapi: Any) -> None:
    paths = openapi["paths"]
    answers = paths["/v201/data"]["post"]["responses"]["200"]["content"]["application/json"]
    assert answers["schema"] == {"$ref": "#/components/schemas/DataTransferRequest"}
    body = paths["/v201/data"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == answers["schema"]


def test_openapi_keeps_versions_apart(openapi: Any) -> None:
    boots = [name for name in openapi["components"]["schemas"] if "BootNotificationRequest" in name]
    assert len(boots) == 2
    assert {name.split("__")[1] for name in boots} == {"v16", "v201"}


def test_openapi_has_names_bounds_enums_and_what_is_required(openapi: Any) -> None:
    schemas = openapi["components"]["schemas"]
    station = schemas["ChargingStationType"]
    vendor = station["properties"]["vendorName"]
    assert vendor.pop("description")
    assert vendor == {"type": "string", "maxLength": 50, "title": "vendorName"}
    assert station["required"] == ["model", "vendorName"]
    assert station["additionalProperties"] is False
    assert schemas["ResetEnumType"]["enum"] == ["Immediate", "OnIdle"]
    schedule = schemas["ChargingScheduleType"]["properties"]["chargingSchedulePeriod"]
    assert (schedule["minItems"], schedule["maxItems"]) == (1, 1024)
    assert schemas["ChargingProfileType"]["properties"]["validFrom"]["format"] == "date-time"
    assert "default" not in json.dumps(schemas["DataTransferRequest"])


@pytest.mark.parametrize("version", VERSIONS)
def test_every_message_is_a_body(version: str) -> None:
    package = importlib.import_module(f"ocppkit.{version}.pydantic")
    app = FastAPI()
    for source in sources(version):
        echo(app, source.class_name, getattr(package, source.class_name))
    ask = asking(app)
    for source in sources(version):
        data = maximal(tree(source))
        response = ask("POST", f"/{source.class_name}", json.loads(data))
        assert response.status_code == 200, response.text
        sent, returned = parse(data.encode()), parse(response.content)
        assert list(differences(tree(source), sent, returned)) == []
    documented = ask("GET", "/openapi.json", None).json()["components"]["schemas"]
    assert {source.class_name for source in sources(version)} <= set(documented)
    assert not [name for name in documented if name.endswith(("-Input", "-Output"))]


def echo(app: FastAPI, path: str, model: Any) -> None:
    def route(body: Any) -> Any:
        return body

    route.__annotations__ = {"body": model, "return": model}
    app.post(f"/{path}")(route)
