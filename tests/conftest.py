"""Settings of Hypothesis for all tests: no check of theirs depends on how busy the machine is."""

from hypothesis import HealthCheck, settings

# Both are guards by the clock: generating data or running one example takes longer where other
# processes have the cores, and says nothing about the code under test.
settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")
