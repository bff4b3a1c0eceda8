"""Publishes a simulated plant to a real broker, and counts what a correct consumer must store."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import TypeAlias
from uuid import uuid4

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.config.settings import MqttSettings
from dosing_tui.mqtt.connection_faults import format_address
from dosing_tui.mqtt.publisher import Publisher
from dosing_tui.simulator.fault_injection import ExpectedOutcome, Fault
from dosing_tui.simulator.plant import PlantMessage, SimulatedPlant
from dosing_tui.simulator.station_statuses import ORDER_TIMEOUT_S, StationStatuses

MIN_WAIT_S = 0.002
"""A message due within this time is published at once: a shorter wait costs more than it gains."""
POLL_INTERVAL_S = 0.5
FLUSH_TIMEOUT_S = 10.0


class PublishTally(Struct, frozen=True):
    """Messages that the broker accepted, and the expected outcome of each.

    ``stored = published - rejects_expected - duplicates_expected``. The figures are exact unless a link
    broke: then each of the ``resent_count`` may have arrived twice, and each of the ``in_flight_count`` once.
    """

    published: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    rejects_expected: int = 0
    duplicates_expected: int = 0
    lost: int = 0
    """QoS 0 messages lost with a broken link; not counted elsewhere."""
    resent: int = 0
    """QoS 1 messages in flight when a link broke; they were sent again."""
    unconfirmed: int = 0
    """QoS 1 messages the broker had not acknowledged when the run ended."""


ProgressReporter: TypeAlias = Callable[[str], None]
"""Gets one sentence for the operator."""


def run_simulation(
    mqtt: MqttSettings,
    *,
    devices: int,
    rate: float | None,
    seed: int,
    speed: float,
    faults: frozenset[Fault],
    qos: int,
    duration_s: float | None,
    stop: Event,
    report: ProgressReporter,
    plant: SimulatedPlant | None = None,
) -> PublishTally:
    """Publish until ``stop`` is set or ``duration_s`` is over. ``plant``: one that already has a history.

    The schedule is absolute: delays are made up for. The readings of all stations share one connection; each
    station's status has one of its own (``station_statuses``).
    Raises: BrokerError when the broker is unreachable at the start; later the run waits for it.
    """
    publisher = _create_publisher(mqtt, report)
    publisher.start()
    start = datetime.now(UTC)
    plant = plant or SimulatedPlant(seed, devices, since=start, mqtt=mqtt)
    statuses = StationStatuses(mqtt, plant.device_ids, seed=str(seed))
    statuses.start()
    try:
        messages = plant.generate_live(start, rate=rate, speed=speed, faults=faults)
        end_s = duration_s or math.inf
        scheduled = _iterate_on_schedule(messages, publisher, start, end_s, stop)
        last_s = time.monotonic() + end_s + FLUSH_TIMEOUT_S
        accepted = _publish_all(
            _number_messages(scheduled, statuses, publisher), publisher, qos,
            give_up=lambda: stop.is_set() or time.monotonic() > last_s,
        )  # fmt: skip
        publisher.wait_for_publish(FLUSH_TIMEOUT_S)
    finally:
        statuses.stop()
        publisher.stop()
    return _build_tally(accepted, publisher)


def _create_publisher(mqtt: MqttSettings, report: ProgressReporter) -> Publisher:
    name = f"dosing-tui-simulator-{uuid4().hex[:8]}"
    return Publisher(mqtt, client_id=name, on_link=_LinkReporter(mqtt, report))


def _publish_all(
    messages: Iterator[PlantMessage], publisher: Publisher, qos: int, give_up: Callable[[], bool]
) -> Counter[tuple[str, ExpectedOutcome]]:
    """Fault and expected outcome of every message that the broker accepts, also after the return."""
    accepted: Counter[tuple[str, ExpectedOutcome]] = Counter()
    is_accepted = False
    for message in messages:
        if message.outcome is ExpectedOutcome.DUPLICATE and not is_accepted:
            continue  # its original was lost: this one would be the first
        count = partial(accepted.update, ((message.fault, message.outcome),))
        is_accepted = publisher.publish_message(
            message.topic, message.payload, qos, on_publish=count, should_stop=give_up
        )
        if not is_accepted and give_up():
            break
    return accepted


def _number_messages(
    messages: Iterator[PlantMessage], statuses: StationStatuses, publisher: Publisher
) -> Iterator[PlantMessage]:
    """With the numbers of their stations; a repetition has its original's, a lost message leaves a gap."""
    last: dict[str, bytes] = {}
    for message in messages:
        device, payload = message.device_id, message.payload
        if message.is_first_after_start:
            publisher.wait_for_publish(ORDER_TIMEOUT_S)
            statuses.restart_station(device)
        statuses.lose_messages(device, message.lost_before)
        if message.outcome is ExpectedOutcome.DUPLICATE:
            payload = last[device]
        elif message.outcome is ExpectedOutcome.ACCEPT:
            payload = last[device] = statuses.number_payload(device, payload)
        yield replace(message, payload=payload)


def _iterate_on_schedule(
    messages: Iterator[PlantMessage], publisher: Publisher, start: datetime, end_s: float, stop: Event
) -> Iterator[PlantMessage]:
    """Each message at its due time, until ``end_s`` seconds are over or ``stop`` is set."""
    began = time.monotonic()
    for message in messages:
        due_s = (message.at - start).total_seconds()
        while (ahead_s := min(due_s, end_s) - (time.monotonic() - began)) > MIN_WAIT_S and not stop.is_set():
            stop.wait(min(ahead_s, POLL_INTERVAL_S))
            publisher.run_callbacks()
        if due_s >= end_s or stop.is_set():
            return
        yield message


class _LinkReporter:
    """Reports each loss of the connection and each return."""

    def __init__(self, mqtt: MqttSettings, report: ProgressReporter) -> None:
        self._address = format_address(mqtt)
        self._report = report
        self._has_connected = False

    def __call__(self, up: bool, why: str) -> None:
        if why:
            self._report(why)
        elif self._has_connected:
            self._report(f"Broker {self._address} is connected again.")
        self._has_connected = True


def _build_tally(counts: Counter[tuple[str, ExpectedOutcome]], publisher: Publisher) -> PublishTally:
    faults: Counter[str] = Counter()
    expects: Counter[ExpectedOutcome] = Counter()
    for (fault, expect), count in counts.items():
        expects[expect] += count
        if fault:
            faults[str(fault)] += count
    return PublishTally(
        published=counts.total(),
        faults=dict(sorted(faults.items())),
        rejects_expected=expects[ExpectedOutcome.REJECT],
        duplicates_expected=expects[ExpectedOutcome.DUPLICATE],
        lost=publisher.lost_count,
        resent=publisher.resent_count,
        unconfirmed=publisher.in_flight_count,
    )
