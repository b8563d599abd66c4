"""Quirks: what chargers of certain vendors do otherwise than OCPP says, as data, and how often they do.

A profile names stations by vendor, model and firmware. It says where their messages are read more
loosely, and what has to be changed in messages to them. `Csms(quirks=Quirks())` chooses the profile
of each station by its boot, or by what is remembered of it, or take one by name:

```python
Quirks().named("alfen").policies(v16.PROTOCOL)
```

A file of your own, in the same form, stands beside those that ship: `Quirks("my_chargers.toml")`.
"""

from ._deviations import AlteredMessage, Deviation, Deviations
from ._quirk_profiles import QuirkFileError, QuirkProfile
from ._quirks import Quirks

__all__ = ["AlteredMessage", "Deviation", "Deviations", "QuirkFileError", "QuirkProfile", "Quirks"]
