"""Every case of ``payload_cases.json``, from the bytes to the rows and the panels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reading_writer import ReadingWriter, WriteProgress
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.batch_review.exception_checks import judge_batch
from dosing_tui.domain.batches.duration_baseline import learn_baselines
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.message_parser import MessageParser
from dosing_tui.domain.messages.models import BatchEvent, Dose, ParsedItem, Rejection
from tests.integration.database.test_reading_writer import SPOOL
from tests.support.database.reading_samples import NOW, number_rows, settings_for
from tests.support.database.schema_inspection import fetch_rows, fetch_value
from tests.support.database_servers import Server
from tests.support.domain.payload_cases import list_cases, receive_case
from tests.support.domain.payload_samples import RULES, TOPICS

CASES = list_cases()
ROLLUP_SUMS: LiteralString = """
    SELECT sum(sum_duration_ms), sum(n_duration) FROM dosing_rollup_15m UNION ALL
    SELECT sum(sum_duration_ms), sum(n_duration) FROM plant_rollup WHERE grain = 2 UNION ALL
    SELECT sum(sum_duration_ms), sum(n_duration) FROM dosing_rollup_6h UNION ALL
    SELECT sum(sum_duration_ms), sum(n_duration) FROM plant_rollup WHERE grain = 5
"""


@dataclass(frozen=True, slots=True)
class ReceivedCase:
    """What became of a case."""

    dsn: str
    items: list[ParsedItem]
    progress: WriteProgress

    def fetch(self, query: LiteralString) -> list[tuple[object, ...]]:
        return fetch_rows(self.dsn, query)


def check_fractions(case: ReceivedCase) -> None:
    rows = case.fetch("SELECT duration_ms, 'duration_ms: coerced' = ANY (flags) FROM dosing_consumption")
    assert rows == [(58_432, True), (58_432, True)]
    assert fetch_value(case.dsn, "SELECT sum(sum_actual_g) FROM dosing_rollup_6h") == pytest.approx(80.35)


def check_underflow(case: ReceivedCase) -> None:
    rows = case.fetch("SELECT duration_ms, flags FROM dosing_consumption ORDER BY pump")
    assert rows == [(4_294_966_296, ["duration_ms: range"]), (60_000, None)]
    assert case.fetch(ROLLUP_SUMS) == [(60_000, 1)] * 4
    for since, until in (
        (NOW - timedelta(days=1), NOW + timedelta(days=1)),
        (NOW, NOW + timedelta(seconds=1)),
    ):
        sums = fetch_rows(
            case.dsn,
            "SELECT sum(sum_duration_ms), sum(n_duration) FROM dosing_sums(%s, %s, NULL)",
            since,
            until,
        )
        assert sums == [(60_000, 1)]
    readings = [item for item in case.items if isinstance(item, Dose | BatchEvent)]
    (batch,) = reconstruct_batches(readings, now=NOW + timedelta(hours=1))
    assert [ingredient.duration_ms for ingredient in batch.ingredients] == [None, 60_000]
    remarks = [found.sentence for found in judge_batch(batch).exceptions]
    assert "the dose of T-12 cannot have taken 4294966 s" in remarks
    assert "T-12" not in {each.chemical for each in learn_baselines([batch] * 30, at=NOW)}


def check_uptime(case: ReceivedCase) -> None:
    assert (case.progress.stored, case.progress.duplicates) == (1, 2)
    assert case.fetch("SELECT time, received_at FROM dosing_consumption") == [(NOW, NOW)]


def check_capacity(case: ReceivedCase) -> None:
    assert case.fetch("SELECT remaining_g, capacity_g, percent_full FROM inventory_levels") == [
        (5_000.0, None, None)
    ]
    evaluator = Evaluator(AlarmLimits(), expected_stations=(), started_at=NOW)
    for item in case.items:
        assert not isinstance(item, Rejection)
        assert evaluator.on_reading(item) == []


def check_spellings(case: ReceivedCase) -> None:
    assert (case.progress.stored, case.progress.duplicates) == (1, 3)


CHECKS: dict[str, Callable[[ReceivedCase], None]] = {
    "duration-fraction": check_fractions,
    "duration-underflow": check_underflow,
    "uptime-redelivered": check_uptime,
    "level-zero-capacity": check_capacity,
    "re-serialised": check_spellings,
}


@pytest.fixture
def writer(flavour: Server, migrated: str) -> Iterator[ReadingWriter]:
    writer = ReadingWriter(settings_for(migrated))
    yield writer
    writer.close()


def write_items(writer: ReadingWriter, *items: ParsedItem, first: int = 1) -> WriteProgress:
    return writer.write(SPOOL, number_rows(*items, first=first)).progress


@pytest.mark.parametrize("name", CASES)
def test_a_case_becomes_what_it_must(name: str, writer: ReadingWriter, migrated: str) -> None:
    items = receive_case(MessageParser(TOPICS, RULES), CASES[name], NOW)
    assert not any(isinstance(item, Rejection) for item in items)
    CHECKS[name](ReceivedCase(migrated, items, write_items(writer, *items)))


def test_an_uptime_counter_identifies_a_dose_across_a_restart(writer: ReadingWriter, migrated: str) -> None:
    case, later = CASES["uptime-redelivered"], NOW + timedelta(minutes=10)
    write_items(writer, *receive_case(MessageParser(TOPICS, RULES), case, NOW))
    again = MessageParser(TOPICS, RULES)
    reader = PanelReader(settings_for(migrated))
    reader.open()
    again.load_history(reader.load_readings())
    reader.close()
    progress = write_items(writer, *receive_case(again, case, later), first=10)
    assert (progress.stored, progress.duplicates) == (1, 5)


@pytest.mark.parametrize("name", ["duration-underflow", "re-serialised", "level-zero-capacity"])
def test_a_repeat_across_the_update_is_still_one(name: str, writer: ReadingWriter, migrated: str) -> None:
    """Earlier versions stored a hash of the bytes, which stays."""
    with psycopg.connect(migrated) as session:  # the first migration was an earlier version's
        session.execute(
            "UPDATE schema_migrations SET applied_at = applied_at - INTERVAL '1 day' WHERE name ~ '0001'"
        )
    first = receive_case(MessageParser(TOPICS, RULES), CASES[name], NOW)[0]
    write_items(writer, _as_stored_before(first))
    progress = write_items(writer, first, first=10)
    assert (progress.stored, progress.duplicates) == (1, 1)


def test_a_new_database_is_not_searched_for_numbers_of_earlier_versions(writer: ReadingWriter) -> None:
    """The server would read all readings while it still plans for empty tables."""
    first = receive_case(MessageParser(TOPICS, RULES), CASES["re-serialised"], NOW)[0]
    write_items(writer, _as_stored_before(first))
    progress = write_items(writer, first, first=10)
    assert (progress.stored, progress.duplicates) == (2, 0)


def _as_stored_before(reading: ParsedItem) -> ParsedItem:
    assert not isinstance(reading, Rejection)
    assert reading.legacy_dedup is not None
    return replace(reading, dedup=reading.legacy_dedup, legacy_dedup=None)
