"""`Block`: what a subclass registers is called, and what it wants comes out in order."""

from datetime import UTC, datetime, timedelta

from ocppkit.blocks import Block, Command, CommandAnswer, Event, Moment, Report, ReportReply

NOW = Moment(100.0, datetime(2026, 1, 1, tzinfo=UTC))


class Lamp(CommandAnswer, frozen=True):
    lit: bool


class Light(Command[Lamp], frozen=True):
    on: bool


class Thanks(ReportReply, frozen=True):
    text: str


class Lit(Report[Thanks], frozen=True):
    on: bool


class Dark(Event, frozen=True):
    pass


class LampBlock(Block):
    name = "lamp"

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []
        self._on_command(Light)(self._light)
        self._on_reply(Lit)(self._thanked)
        self._on_failure(Lit, self._lost)
        self._on_event(Dark, self._darkened)

    def _light(self, command: Light, now: Moment) -> Lamp:
        self._report(Lit(on=command.on))
        self._report(Lit(on=not command.on))
        self._tell(Dark())
        return Lamp(lit=command.on)

    def _thanked(self, report: Lit, reply: Thanks, now: Moment) -> None:
        self.seen.append((report, reply, now))

    def _lost(self, report: Lit, now: Moment) -> None:
        self.seen.append((report, now))

    def _darkened(self, event: Dark, now: Moment) -> None:
        self.seen.append((event, now))


def test_a_command_is_answered_and_its_reports_and_events_come_out_in_order() -> None:
    block = LampBlock()
    assert block.commands[Light](Light(on=True), NOW) == Lamp(lit=True)
    assert block.next_report() == Lit(on=True)
    assert block.next_report() == Lit(on=False)
    assert block.next_report() is None
    assert block.next_event() == Dark()
    assert block.next_event() is None


def test_replies_failures_and_events_reach_the_method_for_their_type() -> None:
    block = LampBlock()
    block.replied(Lit(on=True), Thanks(text="ok"), NOW)
    block.failed(Lit(on=True), NOW)
    block.notice(Dark(), NOW)
    assert block.seen == [
        (Lit(on=True), Thanks(text="ok"), NOW),
        (Lit(on=True), NOW),
        (Dark(), NOW),
    ]


def test_what_a_block_does_not_handle_does_nothing() -> None:
    block = Block()
    block.replied(Lit(on=True), Thanks(text="ok"), NOW)
    block.failed(Lit(on=True), NOW)
    block.notice(Dark(), NOW)
    assert block.next_deadline(NOW) is None
    assert block.state() is None


def test_a_date_is_placed_on_the_clock_that_counts_seconds() -> None:
    assert NOW.due_at(NOW.wall + timedelta(minutes=1)) == 160.0
    assert NOW.seconds_until(NOW.wall - timedelta(seconds=2)) == -2.0
    assert NOW.after(30) == Moment(130.0, NOW.wall + timedelta(seconds=30))
