"""Smart charging (functional block K): charging profiles and the composite schedule.

Nothing here reads a clock or sends anything; one model serves all OCPP versions.

```python
schedule = composite(installed, Circumstances(), evse_id=1, start=now, duration=3600)
```
"""

from ._charging_block import ChargingBlock
from ._charging_rules import MOST_ABILITIES, ChargingAbilities, ChargingRules
from ._circumstances import Circumstances, RunningTransaction
from ._composite import composite
from ._installed_profiles import InstalledProfiles, ProfileCriteria
from ._limit_commands import lift_command, limit_command
from ._present_limits import ExternalLimitChanged, LimitChanged
from ._profile_conditions import absent_member, is_no_profile_of_a_start
from ._profile_messages import (
    ClearProfiles,
    ClearProfilesAnswer,
    ClearProfilesStatus,
    CompositeAnswer,
    CompositeSchedule,
    DynamicUpdateReply,
    ExternalLimitCleared,
    ExternalLimitSet,
    GetComposite,
    GetProfiles,
    GetProfilesAnswer,
    GetProfilesStatus,
    ProfilesReport,
    ProfileStatus,
    PullDynamicUpdate,
    ScheduleUpdate,
    SetProfile,
    SetProfileAnswer,
    UpdateDynamicProfile,
)
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
from ._station_abilities import abilities_of
from ._validation import ProfileRefusal, profile_refusal

__all__ = [
    "MOST_ABILITIES",
    "ChargingAbilities",
    "ChargingBlock",
    "ChargingProfile",
    "ChargingRules",
    "ChargingSchedule",
    "ChargingSchedulePeriod",
    "Circumstances",
    "ClearProfiles",
    "ClearProfilesAnswer",
    "ClearProfilesStatus",
    "CompositeAnswer",
    "CompositeSchedule",
    "DynamicUpdateReply",
    "ExternalLimitChanged",
    "ExternalLimitCleared",
    "ExternalLimitSet",
    "GetComposite",
    "GetProfiles",
    "GetProfilesAnswer",
    "GetProfilesStatus",
    "InstalledProfile",
    "InstalledProfiles",
    "LimitAtSoC",
    "LimitChanged",
    "ProfileCriteria",
    "ProfileKind",
    "ProfileRefusal",
    "ProfileStatus",
    "ProfilesReport",
    "PullDynamicUpdate",
    "Purpose",
    "RateUnit",
    "Recurrency",
    "RunningTransaction",
    "ScheduleUpdate",
    "SetProfile",
    "SetProfileAnswer",
    "UpdateDynamicProfile",
    "abilities_of",
    "absent_member",
    "composite",
    "is_no_profile_of_a_start",
    "lift_command",
    "limit_command",
    "profile_refusal",
]
