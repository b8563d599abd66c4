"""Many stations of all versions and one CSMS in virtual time, on a network that fails.

`python -m simulation --seeds 2000` runs more seeds than the gate has time for, and prints each that fails.
"""
