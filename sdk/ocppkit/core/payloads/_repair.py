"""The repair pass: compares untyped JSON with the shape of a class, finds all issues, and builds
the class.

Theory of operation: the strict decoder is fast and stops at the first thing it refuses. When it
does, this pass looks at the whole payload once more, in Python. It serves all modes alike:

* strict and off need it for payloads that are valid though msgspec refuses them: `1.0` where
  draft 6 has an integer, a leap second, a doubled member whose last value counts, an override;
* every issue comes from here, so error codes never depend on the wording of msgspec;
* in lenient mode the pass goes on after an issue: each method of `RepairPass` returns the repaired
  value, or `BROKEN` if there is none.

An object or list with a broken value in it is broken too, unless the value can be left out: in lenient mode, in what a
station sends and in responses, an optional member or an item of a list. In a command of the CSMS an
absent member widens what it does (a Reset without `evseId` resets the whole station), so there only
members are left out that the facts call harmless. The mode off reports nothing, so it leaves nothing
out.

What is repaired, and what it becomes, is listed in `model/_repairs.py`. The cost is linear in the size
of the payload, whatever is wrong with it: of issues beyond a bound only the number is kept. A long
payload can be repaired in steps, with other work between them.

Structs are built without validation, so values beyond a limit can be kept.
"""

from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from ..model._issues import Issue, Issues, Rule
from ..model._json import REFUSALS, Data, is_json, read
from ._policy import Policy
from ._repair_pass import BROKEN, RepairPass
from ._shape import shape_of

__all__ = ["Outcome", "Steps", "finish", "repair", "repair_in_steps"]

T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]
"""Work that is done a few milliseconds at a time, with its result at the end."""


class Outcome(Struct, frozen=True):
    """The issues that the repair pass has found, and the object that it has built."""

    payload: Any
    """The payload, or `None` if it cannot be built."""

    issues: Issues
    """In the order of the text, missing members after the present ones."""

    value: Any
    """The payload as untyped JSON; `None` if it is no JSON."""


def finish(steps: Steps[T]) -> T:
    """Runs all steps at once, and returns the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def repair(cls: type[Struct], data: Data, policy: Policy, *, outgoing: bool = False) -> Outcome:
    """Runs the repair pass over a payload at once."""
    return finish(repair_in_steps(cls, data, policy, outgoing=outgoing))


def repair_in_steps(
    cls: type[Struct], data: Data, policy: Policy, *, outgoing: bool = False
) -> Steps[Outcome]:
    """Runs the repair pass over a payload in steps: finds all issues, and builds the class as far
    as the policy allows.

    Args:
        cls: the payload's class.
        data: JSON as text or bytes.
        policy: what is repaired, and what is let through.
        outgoing: whether it is about to be sent: then date-times and integers are judged as OCPP
            wants them written. # VAL-01, VAL-02
    """
    try:
        value = read(data)
    except msgspec.ValidationError as exc:
        # Untyped JSON has one thing to validate: that its numbers can be held. Behind such a number the
        # text may still be no JSON.
        rule = Rule.NUMBER if is_json(data) else Rule.JSON
        return Outcome(None, Issues([Issue("$", rule, expected=str(exc))]), None)
    except REFUSALS as exc:
        return Outcome(None, Issues([Issue("$", Rule.JSON, expected=str(exc))]), None)
    repair_pass = RepairPass(cls, policy, value, outgoing)
    payload = yield from repair_pass.payload(shape_of(cls), value)
    refused = payload is BROKEN
    return Outcome(None if refused else payload, repair_pass.issues(refused=refused), value)
