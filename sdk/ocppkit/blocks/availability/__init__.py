"""Availability (functional block G): statuses of connectors, and what is in service.

```python
availability = AvailabilityBlock(rules, model, connectors={1: 1, 2: 1})
```
"""

from ._availability_block import AvailabilityBlock
from ._connector_states import (
    AvailabilityRules,
    ConnectorFacts,
    ConnectorStatus,
    ConnectorUse,
    connector_use,
    statuses_between,
)
from ._connectors import ReservationHolder
from ._status_messages import (
    AvailabilityAnswer,
    ChangeAvailability,
    ChangeStatus,
    ConnectorStatusChanged,
    LockFailed,
    OperationalStatus,
    ReportedEvent,
    StatusError,
    StatusReport,
    VariableEventReport,
    statuses_of,
)

__all__ = [
    "AvailabilityAnswer",
    "AvailabilityBlock",
    "AvailabilityRules",
    "ChangeAvailability",
    "ChangeStatus",
    "ConnectorFacts",
    "ConnectorStatus",
    "ConnectorStatusChanged",
    "ConnectorUse",
    "LockFailed",
    "OperationalStatus",
    "ReportedEvent",
    "ReservationHolder",
    "StatusError",
    "StatusReport",
    "VariableEventReport",
    "connector_use",
    "statuses_between",
    "statuses_of",
]
