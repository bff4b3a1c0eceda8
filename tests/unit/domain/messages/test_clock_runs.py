"""Stations that count from their start, over weeks: whatever they send, it is never taken for a time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dosing_tui.domain.messages.message_parser import MessageParser
from dosing_tui.domain.messages.models import Dose, TimeQuality
from tests.support.domain.payload_samples import DOSE, DOSES, RECEIVED, RULES, STAMP, make_parser

DAY = 86_400.0
WRAP = 2**32
FIELDS = json.loads(DOSE)
OLDEST, AHEAD = RULES.max_age.total_seconds(), RULES.max_ahead.total_seconds()


@dataclass(frozen=True)
class ClockRun:
    """A station that counts milliseconds from its start, ``uptime`` seconds before it is first heard."""

    uptime: float
    gaps: tuple[float, ...]
    """Seconds between its messages, in turn; how late each arrives; and before which ones it starts anew."""
    delays: tuple[float, ...]
    reboots: frozenset[int]
    messages: int = 400

    def list_messages(self) -> Iterator[tuple[int, datetime]]:
        """What the counter shows, and when it is received."""
        now, started = 0.0, -self.uptime
        for number in range(self.messages):
            now += self.gaps[number % len(self.gaps)]
            if number in self.reboots:
                started = now
            shown = int((now - started) * 1_000) % WRAP
            yield shown, RECEIVED + timedelta(seconds=now + self.delays[number % len(self.delays)])

    @property
    def first_heard_as_today(self) -> bool:
        """What nobody can tell from a clock: the first stamp ever heard of it is a time in the window."""
        shown, received = next(self.list_messages())
        return -OLDEST <= shown - received.timestamp() <= AHEAD


def parse_quality(reader: MessageParser, stamp: float, received_at: datetime) -> TimeQuality:
    # a recipe of its own: with equal values and an equal counter it would be the same dose again
    payload = json.dumps(FIELDS | {"timestamp": stamp, "recipe": str(received_at)}).encode()
    (unit,) = reader.parse_message(DOSES, payload, received_at=received_at)
    assert isinstance(unit, Dose)
    if unit.time_quality is not TimeQuality.DEVICE:
        assert unit.time == received_at
    return unit.time_quality


RUNS = st.builds(
    ClockRun,
    uptime=st.one_of(st.just(0.0), st.floats(0, 60 * DAY), st.floats(19.5 * DAY, 20.5 * DAY)),
    gaps=st.lists(st.one_of(st.floats(0.1, 120), st.floats(1, 6 * 3_600)), min_size=1, max_size=8).map(tuple),
    delays=st.lists(st.floats(0, 3), min_size=1, max_size=8).map(tuple),
    reboots=st.frozensets(st.integers(0, 399), max_size=3),
)


@settings(max_examples=settings().max_examples // 4)
@example(
    ClockRun(0.0, (3_600.0,), (0.0,), frozenset(), messages=1_700)
)  # two laps of the counter and the trap twice
@example(ClockRun(0.0, (1_800.0, 2.0, 30.0), (0.5,), frozenset({300}), messages=3_500))
@example(
    ClockRun((STAMP - OLDEST) / 1_000 - 10, (1.0, 0.2), (0.0, 2.9), frozenset())
)  # soon to look like today
@given(RUNS)
def test_a_counter_of_milliseconds_is_never_taken_for_a_time(run: ClockRun) -> None:
    reader = make_parser()
    found = [parse_quality(reader, shown, received) for shown, received in run.list_messages()]
    if not run.first_heard_as_today:
        assert TimeQuality.DEVICE not in found


@settings(max_examples=settings().max_examples // 4)
@example(ClockRun(1_696_172.0, (2.0,), (0.0, 1.0), frozenset()))  # jitter as large as what is measured
@given(RUNS.filter(lambda run: run.first_heard_as_today) | st.builds(
    ClockRun, st.floats(1.69e6, 1.6987e6), st.just((30.0, 1.0)), st.just((0.0, 1.0)), st.just(frozenset()),
))  # fmt: skip
def test_a_counter_first_received_as_today_is_found_out_within_seconds(run: ClockRun) -> None:
    reader = make_parser()
    heard = list(run.list_messages())
    for shown, received in heard:
        if parse_quality(reader, shown, received) is TimeQuality.DEVICE:
            assert received - heard[0][1] < timedelta(seconds=60 + 2 * 3 + max(run.gaps))


@given(
    st.floats(0, 30 * DAY),
    st.lists(st.floats(0.0, 7_200), min_size=1, max_size=8),
    st.lists(st.floats(0, 3), min_size=1, max_size=8),
    st.floats(-60, 60),
)
def test_a_station_with_a_clock_is_always_believed(
    skip: float, gaps: list[float], delays: list[float], skew: float
) -> None:
    reader, now = make_parser(), skip
    for number in range(200):
        now += gaps[number % len(gaps)]
        received = RECEIVED + timedelta(seconds=now + delays[number % len(delays)])
        stamp = int(RECEIVED.timestamp() + now + skew)
        assert parse_quality(reader, stamp, received) is TimeQuality.DEVICE


@given(st.floats(0, 25 * DAY), st.floats(1, 600), st.integers(1, 20))
def test_a_station_that_gets_its_time_from_the_network_is_believed_from_then_on(
    outage: float, gap: float, before: int
) -> None:
    reader = make_parser()
    for number in range(before):
        assert (
            parse_quality(reader, int(number * gap), RECEIVED + timedelta(seconds=number * gap))
            is TimeQuality.UPTIME
        )
    late = RECEIVED + timedelta(seconds=before * gap + outage)
    found = [
        parse_quality(reader, int(late.timestamp() + 60 * number), late + timedelta(seconds=60 * number))
        for number in range(5)
    ]
    if outage < 15 * DAY and not 1_500 < outage + gap < 2_000:
        assert found == [TimeQuality.DEVICE] * 5
    assert found[2:] == [TimeQuality.DEVICE] * 3
