"""What goes wrong at a plant gives batches the status it should, as they are collected and when rebuilt."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import LiteralString

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches
from dosing_tui.mqtt.publisher import Publisher
from dosing_tui.simulator.fault_injection import ExpectedOutcome, Fault
from dosing_tui.simulator.plant import PlantMessage, SimulatedPlant
from tests.support.collector.running_collector import PACE, run_in_threads
from tests.support.database.schema_inspection import fetch_rows, fetch_value
from tests.support.polling import wait_until
from tests.support.simulator.simulated_plants import DOSES, decode_fields

Deliver = Callable[[list[PlantMessage]], list[PlantMessage]]
ABANDONED_S = 15 * 60
"""Silence after which a batch of two pumps counts as left alone."""
RECORDS: LiteralString = """
    SELECT batch_id, batch_key, record, judgement FROM batches JOIN batch_records USING (batch_key)
     ORDER BY batch_id
"""


def as_said(messages: list[PlantMessage]) -> list[PlantMessage]:
    return messages


def shuffle_messages(messages: list[PlantMessage]) -> list[PlantMessage]:
    """Some dozens of messages at a time come in any order."""
    dice, found = Random(5), list[PlantMessage]()
    for first in range(0, len(messages), 40):
        part = messages[first : first + 40]
        dice.shuffle(part)
        found += part
    return found


def list_messages_since(start: datetime, *, faults: frozenset[Fault]) -> list[PlantMessage]:
    """One station's messages from then until an hour ago, at the plant's natural rhythm."""
    found: list[PlantMessage] = []
    for message in SimulatedPlant(3, 1, since=start).generate_live(start, faults=faults):
        if message.at > datetime.now(UTC) - timedelta(hours=1):
            return found
        found.append(message)
    raise AssertionError("a plant never falls silent")


def count_expected(messages: list[PlantMessage]) -> Counter[str]:
    """Each batch by what was heard of it: its start, how many doses, its complete, and what came next."""
    found: Counter[str] = Counter()
    stamped = [
        decode_fields(m) | {"topic": m.topic} for m in messages if m.outcome is not ExpectedOutcome.DUPLICATE
    ]
    started, doses, last = False, 0, 0.0
    for said in (each for each in stamped if "timestamp" in each):
        event, at = said.get("event"), said["timestamp"]
        if event == "start":
            if started:
                found["incomplete" if at - last > ABANDONED_S else "aborted"] += 1
            started, doses = True, 0
        elif event == "complete":
            found["complete" if started else "no-start" if doses else "complete-only"] += 1
            started, doses = False, 0
        else:
            assert said["topic"] == DOSES
            doses += 1
        last = at
    found["incomplete"] += started
    return +found


CASES: dict[str, tuple[frozenset[Fault], float, Deliver, set[str]]] = {
    "aborted": (frozenset(), 0.3, as_said, {"complete", "aborted", "incomplete"}),
    "lost start": (frozenset({Fault.LOST_START}), 0.0, as_said, {"complete", "no-start"}),
    "lost complete": (frozenset({Fault.LOST_COMPLETE}), 0.0, as_said, {"complete", "aborted"}),
    "reboot": (frozenset({Fault.REBOOT}), 0.0, as_said, {"complete", "aborted"}),
    "duplicates": (frozenset({Fault.DUPLICATES}), 0.0, as_said, {"complete"}),
    "reordering": (
        frozenset({Fault.LOST_START}),
        0.2,
        shuffle_messages,
        {"complete", "no-start", "incomplete"},
    ),
}
"""Faults, share of aborted batches, how it is delivered, and what has to be met for the case to be one."""


@pytest.mark.parametrize("case", CASES)
def test_each_fault_gives_the_status_it_should_live_and_rebuilt_with_the_same_records(
    case: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults, aborted, deliver, met = CASES[case]
    monkeypatch.setattr("dosing_tui.simulator.station.ABORTED_SHARE", aborted)
    messages = list_messages_since(datetime.now(UTC) - timedelta(hours=40), faults=faults)
    wanted = count_expected(messages)
    assert met <= set(wanted)
    dsn = settings.database.dsn
    with run_in_threads(settings, pace=replace(PACE, batch_rebuild_s=0.2)) as plant:
        wait_until(lambda: plant.ready)
        publish_messages(settings, deliver(messages))
        wait_until(lambda: plant.books.received == len(messages) and not plant.books.spooled)
        wait_until(lambda: count_statuses(dsn) == wanted, why=f"{case}: {wanted}, not {count_statuses(dsn)}")
        wait_until(lambda: fetch_value(dsn, "SELECT count(*) FROM batch_rebuild_queue") == 0)
    live = fetch_rows(dsn, RECORDS)
    now = datetime.now(UTC)
    rebuild_batches(settings, since=now - timedelta(days=3), until=now, now=now, report=print)
    assert fetch_rows(dsn, RECORDS) == live
    assert count_statuses(dsn) == wanted


def publish_messages(settings: Settings, messages: list[PlantMessage]) -> None:
    publisher = Publisher(settings.mqtt, client_id="faulty-plant")
    publisher.start()
    for message in messages:
        assert publisher.publish_message(message.topic, message.payload, 1)
    assert publisher.wait_for_publish(20)
    publisher.stop()


def count_statuses(dsn: str) -> Counter[str]:
    return Counter(dict(fetch_rows(dsn, "SELECT status, count(*) FROM batches GROUP BY status")))


def test_a_batch_is_stored_as_soon_as_it_has_begun_and_ended(settings: Settings) -> None:
    """Nothing else leads to a rebuild within the hour."""
    messages = list_messages_since(datetime.now(UTC) - timedelta(hours=40), faults=frozenset())
    ends = [number for number, each in enumerate(messages) if b'"complete"' in each.payload]
    first, rest = messages[: ends[0] + 1], messages[ends[0] + 1 : ends[1] + 1]
    dsn, pace = settings.database.dsn, replace(PACE, batch_rebuild_s=3_600.0, batch_event_s=0.0)
    with run_in_threads(settings, pace=pace) as plant:
        wait_until(lambda: plant.ready)
        for count, part in enumerate((first, rest), start=1):
            publish_messages(settings, part)
            wait_until(lambda count=count: count_statuses(dsn)["complete"] == count)  # type: ignore[misc]  # bound now
