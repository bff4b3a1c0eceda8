"""What the simulator expects of a correct consumer is what the program's own intake does."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dosing_tui.config.settings import ClockSettings, MqttSettings
from dosing_tui.domain.messages.message_parser import ClockRules, MessageParser
from dosing_tui.domain.messages.models import (
    BatchEvent,
    Dose,
    InventoryLevel,
    Reading,
    ReadingKind,
    Rejection,
    TimeQuality,
)
from dosing_tui.simulator.fault_injection import ExpectedOutcome, Fault
from dosing_tui.simulator.plant import PlantMessage
from tests.support.simulator.simulated_plants import ALL, NOW, take_live


def new_intake() -> MessageParser:
    clock = ClockSettings()
    topics = dict(
        zip(MqttSettings().topics, (ReadingKind.DOSE, ReadingKind.EVENT, ReadingKind.LEVEL), strict=True)
    )
    return MessageParser(topics, ClockRules(clock.max_age, clock.max_ahead, NOW.tzinfo))  # type: ignore[arg-type]  # NOW has a zone


def parse_received(intake: MessageParser, message: PlantMessage) -> Reading | Rejection:
    arrived = message.at + timedelta(milliseconds=3)
    (unit,) = intake.parse_message(message.topic, message.payload, received_at=arrived)
    return unit


def list_texts(reading: Reading) -> list[str]:
    match reading:
        case Dose():
            return [reading.device_id, reading.chemical, reading.recipe, reading.mode]
        case BatchEvent():
            return [reading.device_id, reading.event, reading.recipe]
        case InventoryLevel():
            return [reading.device_id, reading.chemical]


@given(st.integers(0, 10_000), st.sampled_from([None, 2.0, 900.0]))
@settings(max_examples=settings().max_examples // 4)
def test_every_message_is_accepted_or_rejected_as_expected(seed: int, rate: float | None) -> None:
    intake = new_intake()
    for message in take_live(1_500, seed=seed, rate=rate, speed=30, faults=ALL):
        unit = parse_received(intake, message)
        assert isinstance(unit, Rejection) == (message.outcome is ExpectedOutcome.REJECT), (message, unit)
        if not isinstance(unit, Rejection):
            assert all(text and text.isprintable() for text in list_texts(unit)), message


def test_a_duplicate_reads_as_its_original() -> None:
    intake = new_intake()
    before: Reading | Rejection | None = None
    for message in take_live(4_000, rate=None, faults=[Fault.DUPLICATES, Fault.UPTIME]):
        unit = parse_received(intake, message)
        if message.outcome is ExpectedOutcome.DUPLICATE:
            assert unit == before
        before = unit


@pytest.mark.parametrize(("fault", "quality"), [("", TimeQuality.DEVICE), (Fault.UPTIME, TimeQuality.UPTIME)])
def test_times_are_the_stations_own_unless_it_has_no_clock(fault: str, quality: TimeQuality) -> None:
    intake = new_intake()
    for message in take_live(2_000, faults=[Fault.UPTIME]):
        unit = parse_received(intake, message)
        if message.fault == fault and isinstance(unit, Dose | BatchEvent):
            assert unit.time_quality is quality


def test_a_nan_is_left_out_and_the_rest_kept() -> None:
    intake = new_intake()
    doses = 0
    for message in take_live(3_000, faults=[Fault.NAN]):
        unit = parse_received(intake, message)
        if message.fault == Fault.NAN and isinstance(unit, Dose):
            doses += 1
            assert unit.actual_g is None
            assert unit.target_g is not None
    assert doses > 10
