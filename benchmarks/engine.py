"""What a turn of the engine costs: a frame in, an event out, an answer in, a frame out.

`python benchmarks/engine.py` prints microseconds, the best of several rounds.
"""

import json
import sys
import timeit
from collections.abc import Callable
from datetime import UTC, datetime

from ocppkit import v16, v201
from ocppkit.core import CallReceived, Connection, Limits, Protocol, Response, Role
from ocppkit.core._limits import exceeded, may_be_deep

MESSAGE_ID = "0f3d6c9e-6a1c-4a57-9f5e-2b1d7c3a9e10"
NOW = datetime(2025, 6, 1, 10, tzinfo=UTC)

HEARTBEAT = f'[2,"{MESSAGE_ID}","Heartbeat",{{}}]'

TRANSACTION_EVENT = {
    "eventType": "Updated",
    "timestamp": "2025-06-01T10:00:00Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 3,
    "transactionInfo": {"transactionId": MESSAGE_ID, "chargingState": "Charging"},
    "evse": {"id": 1, "connectorId": 1},
    "meterValue": [
        {
            "timestamp": "2025-06-01T10:00:00Z",
            "sampledValue": [
                {
                    "value": 1200.5 + phase,
                    "context": "Sample.Periodic",
                    "measurand": "Energy.Active.Import.Register",
                    "phase": "L1",
                    "unitOfMeasure": {"unit": "Wh", "multiplier": 0},
                }
                for phase in range(6)
            ],
        }
    ],
}


def turn(protocol: Protocol, text: str, response: Response) -> Callable[[], list[str]]:
    """Returns one turn of a CSMS."""
    csms = Connection(Role.CSMS, protocol, new_id=lambda: MESSAGE_ID)

    def once() -> list[str]:
        csms.receive_data(text, 0.0)
        event = csms.next_event()
        assert isinstance(event, CallReceived)
        csms.send_result(event.message_id, response, 0.0)
        return csms.data_to_send()

    return once


def measure(name: str, work: Callable[[], object]) -> None:
    """Prints the best time of one run."""
    runs = 2000
    best = min(timeit.repeat(work, number=runs, repeat=25)) / runs
    sys.stdout.write(f"{name:<44}{best * 1e6:8.2f} us\n")


def main() -> None:
    """Measures all."""
    text = json.dumps([2, MESSAGE_ID, "TransactionEvent", TRANSACTION_EVENT])
    raw = json.dumps(TRANSACTION_EVENT).encode()
    limits = Limits()
    measure(
        "turn, Heartbeat 1.6",
        turn(v16.PROTOCOL, HEARTBEAT, v16.HeartbeatResponse(current_time=NOW)),
    )
    measure(
        "turn, Heartbeat 2.0.1",
        turn(v201.PROTOCOL, HEARTBEAT, v201.HeartbeatResponse(current_time=NOW)),
    )
    size = f"{len(text)} bytes"
    answer = v201.TransactionEventResponse()
    measure(f"turn, TransactionEvent of {size}", turn(v201.PROTOCOL, text, answer))
    measure("  of which size and digits", lambda: exceeded(text, limits))
    measure("  of which nesting", lambda: may_be_deep(v201.TransactionEventRequest, raw, limits))
    measure("  json.loads of the same frame", lambda: json.loads(text))


if __name__ == "__main__":
    main()
