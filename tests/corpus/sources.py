"""The original schema files inside the PyPI package `ocpp`, read without any code of the generator."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["VERSIONS", "Schema", "Source", "source", "sources"]

VERSIONS = ("v16", "v201", "v21")

Schema = Mapping[str, Any]

_DRAFTS = {
    "http://json-schema.org/draft-04/schema#": 4,
    "http://json-schema.org/draft-06/schema#": 6,
}


@dataclass(frozen=True, eq=False)
class Source:
    """One original file, corrected where that package is known to differ from the official one."""

    version: str
    name: str
    """The file's name without its ending: `Authorize` (1.6) or `AuthorizeRequest` (2.x)."""

    class_name: str
    """The generated class: 1.6 names its request files after the action alone."""

    draft: int
    document: Schema

    def __str__(self) -> str:
        return f"{self.version}/{self.name}"


def _meter_values(document: Any) -> None:
    """Takes back what the package added to the official 1.6 file: two `minItems` and a unit."""
    meter_value = document["properties"]["meterValue"]
    sampled_value = meter_value["items"]["properties"]["sampledValue"]
    units = sampled_value["items"]["properties"]["unit"]["enum"]
    for array in (meter_value, sampled_value):
        if array.pop("minItems") != 1:
            raise ValueError("v16/MeterValues.json: minItems is no longer 1")
    units.remove("Hertz")


def _exi_response(document: Any) -> None:
    """Takes back a provisional bound; the official 2.0.1 file says 5600 up to Edition 4."""
    exi_response = document["properties"]["exiResponse"]
    if exi_response["maxLength"] != 7500:
        raise ValueError("v201/Get15118EVCertificateResponse.json: maxLength is no longer 7500")
    exi_response["maxLength"] = 5600


_CORRECTIONS: Mapping[str, Callable[[Any], None]] = {
    "v16/MeterValues": _meter_values,
    "v201/Get15118EVCertificateResponse": _exi_response,
}


def _class_name(name: str, names: frozenset[str]) -> str:
    return f"{name}Request" if f"{name}Response" in names else name


@cache
def sources(version: str) -> tuple[Source, ...]:
    """Returns the files of a version, sorted by name."""
    folder = resources.files("ocpp") / version / "schemas"
    texts = {
        file.name.removesuffix(".json"): file.read_text("utf-8-sig")
        for file in folder.iterdir()
        if file.name.endswith(".json")
    }
    found: list[Source] = []
    for name in sorted(texts):
        # Decimals: multipleOf 0.1 and the bounds are compared exactly, as they are written.
        document = json.loads(texts[name], parse_float=Decimal)
        _CORRECTIONS.get(f"{version}/{name}", lambda _: None)(document)
        class_name = _class_name(name, frozenset(texts))
        found.append(Source(version, name, class_name, _DRAFTS[document["$schema"]], document))
    return tuple(found)


@cache
def source(version: str, name: str) -> Source:
    """Returns one file of a version.

    Raises:
        LookupError: the version has no file of that name.
    """
    for each in sources(version):
        if each.name == name:
            return each
    raise LookupError(f"{version} has no schema {name}")
