"""The messages that the benchmark publishes."""

from datetime import UTC, datetime

from dosing_tui.simulator.payload_format import DoseLine, EventLine, FirmwareLine, LevelLine, format_payload
from tests.benchmarks.load import TURN_MS, Station, encode_publish

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()


def make_lines(count: int) -> list[FirmwareLine]:
    """All within one millisecond."""
    station = Station(1)
    return [station.next_line(NOW) for _ in range(count)]


def test_doses_events_and_levels_are_as_many_and_no_two_messages_are_the_same() -> None:
    lines = make_lines(600)
    counts = {
        kind: sum(isinstance(line, kind) for line in lines) for kind in (DoseLine, EventLine, LevelLine)
    }
    assert set(counts.values()) == {200}
    assert len(set(map(format_payload, lines))) == 600


def test_a_dose_says_when_it_was_published() -> None:
    durations = [line.duration_ms for line in make_lines(12) if isinstance(line, DoseLine)]
    assert durations == [(int(NOW * 1000) + n) % TURN_MS for n in range(4)]


def test_a_packet_is_a_publish_at_qos_1() -> None:
    line = make_lines(1)[0]
    packet = encode_publish(line, number=65_535)
    low, high = packet[1] & 127, packet[2] if packet[1] & 128 else 0
    body = packet[3 if packet[1] & 128 else 2 :]
    assert packet[0] == 0x32
    assert low + 128 * high == len(body)
    assert body == b"\0\x14factory/batch/events\0\1" + format_payload(line)
