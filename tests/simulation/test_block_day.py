"""A day of a few stations with all blocks at one CSMS: every transaction is complete in the end."""

from support.day_plans import VISITS

from .block_day import BlockDay


def test_a_day_of_three_stations_leaves_every_transaction_complete() -> None:
    day = BlockDay(stations=3)
    day.simulation.run(day.play())
    assert list(day.blocks.ledger) == []
    assert len(day.closed) == 3 * VISITS
    assert {record.station for record in day.closed} == {"CP000", "CP001", "CP002"}
