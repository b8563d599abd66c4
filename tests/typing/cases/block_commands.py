"""Functional blocks: the answer of each command is inferred, and what a command or the CSMS cannot take is an error."""

from typing import assert_type

from ocppkit import v16, v21, v201
from ocppkit.blocks import PowerPathChanged
from ocppkit.blocks.authorization import (
    AuthorizeReply,
    AuthorizeReport,
    ClearCache,
    ClearCacheAnswer,
    GetLocalListVersion,
    LocalListEntry,
    LocalListVersion,
    SendLocalList,
    SendLocalListAnswer,
)
from ocppkit.blocks.availability import (
    AvailabilityAnswer,
    ChangeAvailability,
    OperationalStatus,
    StatusReport,
)
from ocppkit.blocks.charging import (
    ChargingProfile,
    ClearProfiles,
    ClearProfilesAnswer,
    CompositeAnswer,
    GetComposite,
    GetProfiles,
    GetProfilesAnswer,
    SetProfile,
    SetProfileAnswer,
)
from ocppkit.blocks.remote_control import (
    MessageTrigger,
    RemoteAnswer,
    RequestReset,
    RequestTrigger,
    RequestUnlock,
    ResetAnswer,
    ResetType,
    StartRemotely,
    StopRemotely,
    TriggerAnswer,
    UnlockAnswer,
)
from ocppkit.blocks.transactions import (
    GetTransactionStatus,
    IdToken,
    TokenInfo,
    TransactionClosed,
    TransactionRecord,
    TransactionReply,
    TransactionReport,
    TransactionStatus,
)
from ocppkit.blocks.variables import (
    HEARTBEAT_INTERVAL,
    CollectedReport,
    GetBaseReport,
    GetReport,
    GetVariables,
    GetVariablesAnswer,
    NetworkConnectionProfile,
    ReportAnswer,
    SetNetworkProfile,
    SetNetworkProfileAnswer,
    SetVariableData,
    SetVariables,
    SetVariablesAnswer,
)
from ocppkit.csms import Csms, StationHandle
from ocppkit.csms.blocks import (
    AuthorizationQuestion,
    BootQuestion,
    CsmsBlocks,
    Provisioning,
    ProvisioningFailed,
    ReportReceived,
    send_local_list,
)
from ocppkit.v201.roles import ConnectedStation

csms = Csms(v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL, insecure=True)
TOKEN = IdToken("04E91C5A", "ISO14443")


async def authorize(question: AuthorizationQuestion) -> TokenInfo:
    assert_type(question.token, IdToken)
    assert_type(question.evse_id, int | None)
    return TokenInfo(status="Accepted")


def forgets_to_answer(question: AuthorizationQuestion) -> None: ...


def takes_a_token(token: IdToken) -> str:
    return "Accepted"


def decide(question: BootQuestion) -> str:
    return "Pending"


provisioning = Provisioning(decide, interval=300)
provisioning.want(HEARTBEAT_INTERVAL, 300)
provisioning.want(HEARTBEAT_INTERVAL, "300")  # E: the value is a number
blocks = CsmsBlocks(csms, authorize=authorize, provisioning=provisioning)
CsmsBlocks(csms, authorize=forgets_to_answer)  # E: says nothing of the token
CsmsBlocks(csms, authorize=takes_a_token)  # E: takes the question, not the token
Provisioning(takes_a_token)  # E: takes the boot


async def tokens(station: StationHandle) -> None:
    assert_type(await blocks.call(station, ClearCache()), ClearCacheAnswer)
    assert_type(await blocks.call(station, GetLocalListVersion()), LocalListVersion)
    entry = LocalListEntry(id_token=TOKEN, id_token_info=TokenInfo(status="Accepted"))
    update = SendLocalList(version_number=1, update_type="Full", local_authorization_list=(entry,))
    assert_type(await blocks.call(station, update), SendLocalListAnswer)
    sent = await send_local_list(blocks, station, version_number=2, entries=[entry])
    assert_type(sent, SendLocalListAnswer)
    await send_local_list(blocks, station, version_number=2, entries=[TOKEN])  # E: bare tokens
    wrong: ClearCacheAnswer = await blocks.call(station, GetLocalListVersion())  # E: of another
    del wrong


async def remote_control(station: StationHandle) -> None:
    start = StartRemotely(id_token=TOKEN, evse_id=1, remote_start_id=1)
    assert_type(await blocks.call(station, start), RemoteAnswer)
    assert_type(await blocks.call(station, StopRemotely(transaction_id="T1")), RemoteAnswer)
    reset = await blocks.call(station, RequestReset(type=ResetType.ON_IDLE))
    assert_type(reset, ResetAnswer)
    assert_type(reset.status, str)
    assert_type(await blocks.call(station, RequestUnlock(1)), UnlockAnswer)
    trigger = RequestTrigger(requested_message=MessageTrigger.HEARTBEAT)
    assert_type(await blocks.call(station, trigger), TriggerAnswer)
    StartRemotely(id_token="04E91C5A")  # E: a text is no token
    RequestReset(type="Soon")  # E: no kind of reset
    StopRemotely()  # E: of which transaction?


async def availability(station: StationHandle) -> None:
    change = ChangeAvailability(OperationalStatus.INOPERATIVE, evse_id=1)
    assert_type(await blocks.call(station, change), AvailabilityAnswer)
    ChangeAvailability("Broken")  # E: no status
    assert_type(await blocks.call(station, GetTransactionStatus()), TransactionStatus)


async def charging(station: StationHandle, profile: ChargingProfile) -> None:
    assert_type(await blocks.call(station, SetProfile(1, profile)), SetProfileAnswer)
    assert_type(await blocks.call(station, ClearProfiles()), ClearProfilesAnswer)
    assert_type(await blocks.call(station, GetProfiles(request_id=1)), GetProfilesAnswer)
    composite = await blocks.call(station, GetComposite(evse_id=1, duration=3600))
    assert_type(composite, CompositeAnswer)
    assert_type(await blocks.limit(station, amps=16.0), SetProfileAnswer)
    assert_type(await blocks.lift_limit(station, evse_id=1), ClearProfilesAnswer)
    await blocks.limit(station, 16.0)  # E: amps or watts?
    await blocks.limit(station, amps="16")  # E: a text
    SetProfile(profile, 1)  # E: the EVSE comes first


async def variables(station: StationHandle, data: NetworkConnectionProfile) -> None:
    got = await blocks.call(station, GetVariables.of(HEARTBEAT_INTERVAL))
    assert_type(got, GetVariablesAnswer)
    assert_type(got.results[0].value, str | None)
    written = SetVariables(data=(SetVariableData.of(HEARTBEAT_INTERVAL, 300),))
    assert_type(await blocks.call(station, written), SetVariablesAnswer)
    SetVariableData.of(HEARTBEAT_INTERVAL, "300")  # E: the value is a number
    GetVariables.of("HeartbeatInterval")  # E: a text is no key
    base = GetBaseReport(request_id=1, report_base="FullInventory")
    assert_type(await blocks.call(station, base), ReportAnswer)
    assert_type(await blocks.call(station, GetReport(request_id=2)), ReportAnswer)
    network = SetNetworkProfile(configuration_slot=1, connection_data=data)
    assert_type(await blocks.call(station, network), SetNetworkProfileAnswer)
    assert_type(await blocks.report(station), CollectedReport)


async def misused(station: ConnectedStation) -> None:
    assert_type(await blocks.call(station, ClearCache()), ClearCacheAnswer)
    await blocks.call("CP001", ClearCache())  # E: an identity is no station
    await blocks.call(station, PowerPathChanged(1, closed=True))  # E: an event is no command
    await blocks.call(ClearCache(), station)  # E: the station comes first


@blocks.on(TransactionClosed)
async def closed(event: TransactionClosed) -> None:
    assert_type(event.record, TransactionRecord)


@blocks.on(ReportReceived)
def received(event: ReportReceived) -> None:
    assert_type(event.station, StationHandle)


@blocks.on(ProvisioningFailed)  # E: another event
def failed(event: TransactionClosed) -> None: ...


@blocks.answer(AuthorizeReport)
async def answer(station: StationHandle, report: AuthorizeReport) -> AuthorizeReply:
    assert_type(report.id_token, IdToken)
    return AuthorizeReply(id_token_info=TokenInfo(status="Accepted"))


@blocks.answer(TransactionReport)  # E: of another report
def take(station: StationHandle, report: StatusReport) -> TransactionReply:
    return TransactionReply()


@blocks.answer(TransactionReport)  # E: no reply
def forget(station: StationHandle, report: TransactionReport) -> None: ...
