"""Profiles of chargers that deviate from OCPP, as data, and counters of the deviations of stations.

A profile names stations by vendor, model and firmware. It says where their messages are read more
loosely, and what is changed in messages to them. `Csms(quirks=Quirks())` chooses the profile of each
station by its BootNotification, or after a restart by what is remembered of it. A program can also use
a profile by its name:

```python
Quirks().named("alfen").policies(v16.PROTOCOL)
```

Profiles of your own are read from TOML files of the same form: `Quirks("my_chargers.toml")`.
"""

from ._deviations import AlteredMessage, Deviation, Deviations
from ._quirk_profiles import QuirkFileError, QuirkProfile
from ._quirks import Quirks

__all__ = ["AlteredMessage", "Deviation", "Deviations", "QuirkFileError", "QuirkProfile", "Quirks"]
