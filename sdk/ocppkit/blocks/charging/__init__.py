"""Smart charging (functional block K): charging profiles and the composite schedule.

Nothing here reads a clock or sends anything; one model serves all OCPP versions.

```python
schedule = composite(installed, Circumstances(), evse_id=1, start=now, duration=3600)
```
"""

from ._circumstances import Circumstances, RunningTransaction
from ._composite import composite
from ._installed_profiles import InstalledProfiles, ProfileCriteria
from ._profiles import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    InstalledProfile,
    LimitAtSoC,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
)
from ._validation import ChargingAbilities, ChargingRules, ProfileRefusal, refusal

__all__ = [
    "ChargingAbilities",
    "ChargingProfile",
    "ChargingRules",
    "ChargingSchedule",
    "ChargingSchedulePeriod",
    "Circumstances",
    "InstalledProfile",
    "InstalledProfiles",
    "LimitAtSoC",
    "ProfileCriteria",
    "ProfileKind",
    "ProfileRefusal",
    "Purpose",
    "RateUnit",
    "Recurrency",
    "RunningTransaction",
    "composite",
    "refusal",
]
