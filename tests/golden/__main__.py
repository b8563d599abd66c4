"""Writes what is expected of every case anew: `PYTHONPATH=tests python -m golden`."""

from golden import CASES, rewrite

for case in CASES:
    rewrite(case)
