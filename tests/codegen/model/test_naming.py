"""Python names: the odd ones one by one, all of OCPP's frozen in a file, and any text at all.

`python tests/codegen/model/test_naming.py` writes `golden_names.txt` anew, for a change that is meant.
"""

import keyword
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocppkit.codegen.model import _naming
from ocppkit.codegen.model._naming import (
    class_name,
    field_name,
    member_name,
    module_name,
    open_field_name,
)
from ocppkit.codegen.schemas._schema_set import load_set
from ocppkit.core import OpenObject, Payload, WireEnum

SCHEMAS = Path(__file__).parents[3] / "schemas"
GOLDEN = Path(__file__).with_name("golden_names.txt")
FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
SETS = {version: load_set(version, SCHEMAS / folder) for version, folder in FOLDERS.items()}


def schemas_below(node: Any) -> Iterator[dict[str, Any]]:
    """Yields every JSON object in a schema document; those without keywords of ours do no harm."""
    children: Iterable[Any] = ()
    if isinstance(node, dict):
        table = cast("dict[str, Any]", node)
        yield table
        children = table.values()
    elif isinstance(node, list):
        children = cast("Iterable[Any]", node)
    for child in children:
        yield from schemas_below(child)


@cache
def objects() -> tuple[tuple[str, ...], ...]:
    """Returns the property names of every object of every version."""
    found = (
        tuple(schema["properties"])
        for schemas in SETS.values()
        for file in schemas.files.values()
        for schema in schemas_below(file.document)
        if isinstance(schema.get("properties"), dict) and "type" in schema
    )
    return tuple(dict.fromkeys(found))


@cache
def enums() -> tuple[tuple[str, ...], ...]:
    """Returns the words of every enum of every version."""
    found = (
        tuple(schema["enum"])
        for schemas in SETS.values()
        for file in schemas.files.values()
        for schema in schemas_below(file.document)
        if isinstance(schema.get("enum"), list)
    )
    return tuple(dict.fromkeys(found))


@cache
def actions() -> tuple[str, ...]:
    """Returns the actions of every version."""
    names = (name for schemas in SETS.values() for name in schemas.files)
    return tuple(sorted({re.sub(r"(Request|Response)$", "", name) for name in names}))


def golden_text() -> str:
    """Returns what `golden_names.txt` should hold: kind, wire name, Python name."""
    lines = [
        "# Every name that OCPP 1.6, 2.0.1 and 2.1 give to Python. A changed line breaks users."
    ]
    lines += [
        f"field {wire} {field_name(wire)}" for wire in sorted({w for o in objects() for w in o})
    ]
    lines += [
        f"member {word} {member_name(word)}" for word in sorted({w for e in enums() for w in e})
    ]
    lines += [f"module {action} {module_name(action)}" for action in actions()]
    return "\n".join(lines) + "\n"


def duplicates(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        ("additionalInfo", "additional_info"),
        ("apnUserName", "apn_user_name"),
        ("autonomousVRefEnable", "autonomous_v_ref_enable"),
        ("basetime", "basetime"),
        ("bulkSoC", "bulk_soc"),
        ("csChargingProfiles", "cs_charging_profiles"),
        ("dischargeLimit_L2", "discharge_limit_l2"),
        ("ePriceLevel", "e_price_level"),
        ("evDurationLevel1DCInjection", "ev_duration_level1_dc_injection"),
        ("evMaxV2XEnergyRequest", "ev_max_v2x_energy_request"),
        ("evSupportedDERControl", "ev_supported_der_control"),
        ("evseIds", "evse_ids"),
        ("fileName", "file_name"),
        ("filename", "filename"),
        ("fixedPFAbsorb", "fixed_pf_absorb"),
        ("hv10MinMeanTripDelay", "hv10_min_mean_trip_delay"),
        ("iccid", "iccid"),
        ("id", "id"),
        ("idTagInfo", "id_tag_info"),
        ("iso15118SchemaVersion", "iso15118_schema_version"),
        ("language1", "language1"),
        ("limitAtSoC", "limit_at_soc"),
        ("limit_L2", "limit_l2"),
        ("maxChargeReactivePower_L3", "max_charge_reactive_power_l3"),
        ("numEPriceLevels", "num_e_price_levels"),
        ("ocppCsmsUrl", "ocpp_csms_url"),
        ("ocspRequestData", "ocsp_request_data"),
        ("priceKwh", "price_kwh"),
        ("priceScheduleID", "price_schedule_id"),
        ("priceScheduleId", "price_schedule_id"),
        ("prioritizedEMAIDs", "prioritized_emaids"),
        ("responderURL", "responder_url"),
        ("soC", "soc"),
        ("soH", "soh"),
        ("stateOfCharge", "state_of_charge"),
        ("targetSoC", "target_soc"),
        ("taxRuleID", "tax_rule_id"),
        ("type", "type"),
        ("v2xSignalWattCurve", "v2x_signal_watt_curve"),
        ("vRef", "v_ref"),
        ("yUnit", "y_unit"),
    ],
)
def test_field_names_of_ocpp(wire: str, name: str) -> None:
    assert field_name(wire) == name


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        ("from", "from_"),
        ("import", "import_"),
        ("self", "self_"),
        ("request", "request_"),
        ("list", "list_"),
        ("dateTime", "date_time"),
        ("datetime", "datetime_"),
        ("field", "field_"),
        ("schema", "schema_"),
        ("modelDump", "model_dump_"),
        ("model", "model"),
        ("callTimeout", "call_timeout_"),
        ("call", "call"),
        ("timeout", "timeout"),
        ("messageId", "message_id"),
        ("3phase", "field_3phase"),
        ("3Phases", "field_3_phases"),
        ("_private", "private"),
        ("__dunder__", "dunder"),
        ("$ref", "ref"),
        ("@type", "type"),
        ("a-b c/d", "a_b_c_d"),
        ("größe", "gro_e"),
        ("é", "e"),
        ("电压", "field_u7535_u538b"),
        ("%", "field_u0025"),
        ("", "field_empty"),
        ("maxVAr", "max_var"),
        ("energyKWh", "energy_kwh"),
        ("PnCEnabled", "pnc_enabled"),
        ("eMAID", "emaid"),
        ("eMAIDList", "emaid_list"),
        ("evSoCTarget", "ev_soc_target"),
        ("EVSoC", "ev_soc"),
        ("EVSEsOnline", "evses_online"),
        ("allURLs", "all_urls"),
        ("V2GRootCert", "v2g_root_cert"),
        ("OCPPCommCtrlr", "ocpp_comm_ctrlr"),
        ("IPv4Address", "ipv4_address"),
    ],
)
def test_field_names_of_vendors(wire: str, name: str) -> None:
    assert field_name(wire) == name


@pytest.mark.parametrize(
    ("wire", "name"), [("items", "items_"), ("vendorId", "vendor_id"), ("members", "members_")]
)
def test_an_open_object_keeps_the_methods_of_a_dictionary(wire: str, name: str) -> None:
    assert open_field_name(wire) == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("AC_BPT_DER", "AC_BPT_DER"),
        ("AC_single_phase", "AC_SINGLE_PHASE"),
        ("CSMSRootCertificate", "CSMS_ROOT_CERTIFICATE"),
        ("Celcius", "CELCIUS"),
        ("DeAuthorized", "DEAUTHORIZED"),
        ("Deauthorized", "DEAUTHORIZED"),
        ("Display.RemainingTimeToMaximumSOC", "DISPLAY_REMAINING_TIME_TO_MAXIMUM_SOC"),
        ("EVConnected", "EV_CONNECTED"),
        ("Energy.Active.Import.Register", "ENERGY_ACTIVE_IMPORT_REGISTER"),
        ("EnergyRequest.Maximum.V2X", "ENERGY_REQUEST_MAXIMUM_V2X"),
        ("FixedPFAbsorb", "FIXED_PF_ABSORB"),
        ("HVMomCess", "HV_MOM_CESS"),
        ("IKEv2", "IKEV2"),
        ("IPSec", "IPSEC"),
        ("ISO14443", "ISO14443"),
        ("ISO15118-20", "ISO15118_20"),
        ("IdleTIme", "IDLE_TIME"),
        ("L1-N", "L1_N"),
        ("L2TP", "L2TP"),
        ("MORootCertificate", "MO_ROOT_CERTIFICATE"),
        ("NONE", "NONE"),
        ("NotAllowedTypeEVSE", "NOT_ALLOWED_TYPE_EVSE"),
        ("Not_Applicable", "NOT_APPLICABLE"),
        ("OCPP201", "OCPP201"),
        ("Other1PhMax16A", "OTHER_1PH_MAX_16A"),
        ("Other3Ph", "OTHER_3PH"),
        ("PctWAvail", "PCT_W_AVAIL"),
        ("QRCODE", "QRCODE"),
        ("RCLQFactor", "RCL_Q_FACTOR"),
        ("RoCoF", "ROCOF"),
        ("SOCLimitReached", "SOC_LIMIT_REACHED"),
        ("SignV2G20Certificate", "SIGN_V2G20_CERTIFICATE"),
        ("SoC", "SOC"),
        ("SoCLimitReached", "SOC_LIMIT_REACHED"),
        ("SuspendedEVSE", "SUSPENDED_EVSE"),
        ("UTF8", "UTF8"),
        ("V2GRootCertificate", "V2G_ROOT_CERTIFICATE"),
        ("VoltVar", "VOLT_VAR"),
        ("WattPF", "WATT_PF"),
        ("Wired0", "WIRED0"),
        ("boolean", "BOOLEAN"),
        ("cCCS1", "C_CCS1"),
        ("cG105", "C_G105"),
        ("cTesla", "C_TESLA"),
        ("dateTime", "DATE_TIME"),
        ("eMAID", "EMAID"),
        ("kVA", "KVA"),
        ("kWh", "KWH"),
        ("kvarh", "KVARH"),
        ("s309-1P-16A", "S309_1P_16A"),
        ("sBS1361", "S_BS1361"),
        ("sCEE-7-7", "S_CEE_7_7"),
        ("sType2", "S_TYPE2"),
        ("wInductive", "W_INDUCTIVE"),
    ],
)
def test_member_names_of_ocpp(word: str, name: str) -> None:
    assert member_name(word) == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("4G", "WORD_4G"),
        ("16A", "WORD_16A"),
        ("None", "NONE"),
        ("mro", "MRO"),
        ("name", "NAME"),
        ("_ignore_", "IGNORE"),
        ("°C", "C"),
        ("%", "WORD_U0025"),
        ("", "WORD_EMPTY"),
    ],
)
def test_member_names_of_vendors(word: str, name: str) -> None:
    assert member_name(word) == name


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("AFRRSignal", "afrr_signal"),
        ("BootNotification", "boot_notification"),
        ("ClearDERControl", "clear_der_control"),
        ("Get15118EVCertificate", "get_15118_ev_certificate"),
        ("NotifyDERStartStop", "notify_der_start_stop"),
        ("NotifyEVChargingNeeds", "notify_ev_charging_needs"),
        ("SetDefaultTariff", "set_default_tariff"),
        ("VatNumberValidation", "vat_number_validation"),
        ("Import", "import_"),
        ("Call", "call_"),
        ("AddHandlers", "add_handlers_"),
        ("Send", "send_"),
        ("CallBack", "call_back"),
        ("15118Status", "action_15118_status"),
    ],
)
def test_module_names(action: str, name: str) -> None:
    assert module_name(action) == name


def test_all_names_of_ocpp_are_frozen() -> None:
    assert golden_text() == GOLDEN.read_text("utf-8")


def test_the_golden_file_has_every_property() -> None:
    lines = GOLDEN.read_text("utf-8").splitlines()
    kinds = [line.split(" ")[0] for line in lines if not line.startswith("#")]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "field": 579,
        "member": 541,
        "module": 102,
    }


def test_no_object_of_ocpp_has_two_fields_of_one_name() -> None:
    assert len(objects()) > 300
    for wires in objects():
        assert not duplicates(map(field_name, wires)), wires
        assert not duplicates(map(open_field_name, wires)), wires


def test_no_enum_of_ocpp_has_two_members_of_one_name() -> None:
    assert len(enums()) > 100
    for words in enums():
        assert not duplicates(map(member_name, words)), words


def test_no_two_actions_share_a_module() -> None:
    assert not duplicates(map(module_name, actions()))


def test_no_name_of_ocpp_is_reserved() -> None:
    wires = {wire for names in objects() for wire in names}
    assert not {wire for wire in wires if field_name(wire).endswith("_")}
    assert not {action for action in actions() if module_name(action).endswith("_")}


def test_members_of_ocpp_make_enums() -> None:
    for words in enums():
        made: Any = cast("Any", WireEnum)("Made", {member_name(word): word for word in words})
        assert [member.value for member in made] == list(words)
        assert [member.name for member in made] == [member_name(word) for word in words]


def public(type_: type) -> set[str]:
    return {name for name in dir(type_) if not name.startswith("_")}


def test_the_reserved_names_cover_what_they_protect() -> None:
    assert {word for word in keyword.kwlist if word.islower()} <= _naming.KEYWORDS
    assert public(Payload) <= _naming.FIELDS
    assert public(pydantic.BaseModel) <= _naming.FIELDS
    assert public(OpenObject) <= _naming.OPEN_OBJECTS
    assert not {name for name in public(WireEnum) if name.isupper()}
    assert _naming.KEYWORDS <= _naming.FIELDS & _naming.METHODS


@given(st.text())
def test_any_text_has_a_name(wire: str) -> None:
    for rule in (field_name, open_field_name, member_name, module_name):
        name = rule(wire)
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)
        assert not name.startswith("_")
        assert rule(wire) == name


@given(st.text())
def test_a_python_name_is_its_own_name(wire: str) -> None:
    for rule in (field_name, open_field_name, member_name, module_name):
        assert rule(rule(wire)) == rule(wire)


@given(st.text())
def test_reserved_names_never_come_out(wire: str) -> None:
    assert field_name(wire) not in _naming.FIELDS
    assert not re.fullmatch(r"call_.*[^_]", field_name(wire))
    assert open_field_name(wire) not in _naming.FIELDS | _naming.OPEN_OBJECTS
    assert module_name(wire) not in _naming.METHODS


WORD = st.from_regex(r"[a-z]{2,8}", fullmatch=True)


@given(st.lists(WORD, min_size=1, max_size=5))
def test_camel_case_is_the_base_rule(words: list[str]) -> None:
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    assert field_name(camel).rstrip("_") == "_".join(words)
    assert member_name(".".join(word.capitalize() for word in words)) == "_".join(words).upper()


@given(st.sampled_from(sorted(_naming.WORDS)), WORD, WORD)
def test_a_listed_word_stays_whole(listed: str, before: str, after: str) -> None:
    words = field_name(f"{before}_{listed}{after.capitalize()}").rstrip("_").split("_")
    assert words == [before, listed.lower(), after]


if __name__ == "__main__":
    GOLDEN.write_text(golden_text(), encoding="utf-8")


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        ("充電", "U5145U96fb"),
        ("", "Empty"),
        ("15118EVStatusType", "Type15118EVStatusType"),
        ("None", "TypeNone"),
    ],
)
def test_class_names_of_definitions_that_are_no_python_names(definition: str, name: str) -> None:
    assert class_name(definition) == name
