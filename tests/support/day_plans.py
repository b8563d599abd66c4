"""Plans the events of a day at a station: visits of vehicles, and failures of the network and the CSMS."""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec import Struct

from ocppkit.blocks.transactions import IdToken

__all__ = ["CARDS", "EVSES", "VISITS", "Happening", "planned"]

EVSES: Final = (1, 2)
VISITS: Final = 20

CARDS: Final = tuple(IdToken(f"CARD{number}", "ISO14443") for number in range(6))


class Happening(Struct, frozen=True):
    """An action of a driver, a vehicle or the CSMS at a time of the day."""

    at: float
    """In seconds, if the power is never cut."""

    what: str
    evse_id: int = 0
    card: IdToken = CARDS[0]


def planned(chance: Random, visits: int = VISITS) -> list[Happening]:
    """Returns a day with some visits, in the order in which it happens."""
    happenings: list[Happening] = []
    ends = dict.fromkeys(EVSES, 0.0)
    for number in range(visits):
        evse_id = EVSES[number % len(EVSES)]
        visit = list(_visit(chance, evse_id, ends[evse_id] + chance.uniform(60, 1800)))
        happenings += visit
        ends[evse_id] = visit[-1].at
    at, end = 0.0, max(ends.values())
    while (at := at + chance.uniform(600, 5400)) < end:
        until = at + chance.choice([5, 60, 900, 3600])
        happenings += [
            Happening(at, "offline"),
            Happening(until, "online"),
            Happening(until + chance.uniform(100, 300), "csms restarts"),
        ]
        at = until
    for what in chance.choices(["reset", "reset on idle"], k=2):
        happenings.append(Happening(chance.uniform(600, end), what))
    happenings.append(Happening(max(at, end) + 3600, "online"))
    return sorted(happenings, key=lambda each: each.at)


def _visit(chance: Random, evse_id: int, at: float) -> Iterator[Happening]:
    card = chance.choice(CARDS)

    def step(what: str, *, least: float, most: float) -> Happening:
        nonlocal at
        at += chance.uniform(least, most)
        return Happening(at, what, evse_id, card)

    beginning = ["plug", chance.choice(["card", "card", "remote start"])]
    chance.shuffle(beginning)
    for what in beginning:
        yield step(what, least=1, most=30)
    for _ in range(chance.randint(0, 2)):
        yield step("pause", least=30, most=900)
        yield step("resume", least=30, most=300)
    ending = chance.choice(["card", "remote stop", "unplug"])
    if ending != "unplug":
        yield step(ending, least=60, most=2400)
    yield step("unplug", least=1, most=600)
