"""A shift report tells what the panels, the list of batches and the alarm journal tell of the same time."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database import operator_notes
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.occurrences import list_occurrences
from dosing_tui.database.batches.queries import count_batches, list_batches
from dosing_tui.database.batches.review_writer import enter_review
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reports.shift_report import read_shift_report
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.domain.batch_review.query_models import BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.messages.models import TimeQuality
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.panels.panel_catalog import (
    BATCHES_TODAY,
    CONSUMPTION_TODAY,
    DAILY_SUMMARY,
    INVENTORY,
    PRODUCTION_TODAY,
    Panel,
    PanelQuery,
)
from dosing_tui.domain.shift_report import AlarmTotal, ShiftReport
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import store_and_rebuild, write_readings
from tests.support.database_servers import Server
from tests.support.domain.batch_messages import (
    NOON,
    STATION,
    make_dose,
    make_event,
    make_level,
    normal_batch,
    seconds_after,
)

EARLY = ShiftPeriod("Early", NOON - timedelta(hours=7), NOON + timedelta(hours=1))
"""06:00 to 14:00 of the plant."""
AFTER = EARLY.until + timedelta(minutes=10)
LOW, GROSS = AlarmKey("STOCK_LOW", STATION, "T-12"), AlarmKey("DOSE_GROSS", STATION, "2")


def make_entry(
    kind: AlarmEvent, key: AlarmKey, seconds: float, **more: Any
) -> JournalEntry:  # an entry's other fields
    priority = Priority.MEDIUM if key is LOW else Priority.HIGH
    moment = seconds_after(seconds)
    return JournalEntry(uuid4(), key, kind, moment, moment, priority, 1, message=f"{key.rule} said", **more)


@pytest.fixture
def plant(migrated: str) -> Settings:
    """Batches in the early shift and around it, a refill, alarms, notes; one batch is reviewed."""
    hours = 3600.0
    store_and_rebuild(
        migrated,
        make_level(-9 * hours, "T-9", 5000.0),
        make_level(-8 * hours, "T-12", 3000.0),
        *normal_batch(-8 * hours),
        *normal_batch(-6 * hours),
        *normal_batch(-5 * hours, recipe="FG-85/95"),
        *normal_batch(0),
        make_event(-4 * hours, "start", "CU-65/75"),
        make_dose(-4 * hours + 61, "T-12", recipe="CU-65/75", actual_g=47.0),
        *normal_batch(-3 * hours)[1:],
        make_level(-2 * hours, "T-9", 9000.0),
        make_level(100, "T-9", 8960.0),
        make_level(130, "T-12", 2940.0),
        *normal_batch(2 * hours),
        make_level(2 * hours + 90, "T-9", 8900.0),
        now=NOON + timedelta(hours=4),
    )
    settings = settings_for(migrated)
    for seconds, text in ((-8 * hours, "night"), (-7000, "drum changed"), (10, "all well"), (hours, "late")):
        operator_notes.add_note(settings, NoteDraft(seconds_after(seconds), text, "Anna"), os_user="anna")
    journal.append_entries(settings, [
        make_entry(AlarmEvent.RAISE, LOW, -9 * hours), make_entry(AlarmEvent.RAISE, GROSS, -4 * hours),
        make_entry(AlarmEvent.ACKNOWLEDGE, GROSS, -3.9 * hours, who=Actor("Anna"), comment="seen"),
        make_entry(AlarmEvent.RETURN, GROSS, -3.5 * hours), make_entry(AlarmEvent.RAISE, GROSS, -1800),
        make_entry(AlarmEvent.RETURN, GROSS, -900), make_entry(AlarmEvent.RAISE, GROSS, 2 * hours),
    ])  # fmt: skip
    first = list_batches(settings, BatchFilter(until=seconds_after(-5.5 * hours)))[0]
    enter_review(
        settings,
        create_review_draft(first, Decision.APPROVED, who="Anna"),
        os_user="a",
    )
    return settings


def read_report(settings: Settings, shift: ShiftPeriod = EARLY, now: datetime = AFTER) -> ShiftReport:
    return read_shift_report(settings, shift, now=now)


def read_one_panel(
    settings: Settings, which: Panel[Any], *, until: datetime = EARLY.until
) -> tuple[Any, ...]:
    reader = PanelReader(settings)
    reader.open()
    try:
        return tuple(reader.read_panel(which, PanelQuery(EARLY.since, until, AFTER)))
    finally:
        reader.close()


def test_the_sums_are_the_panels_and_those_of_the_readings(flavour: Server, plant: Settings) -> None:
    found = read_report(plant)
    assert found.dosed == read_one_panel(plant, CONSUMPTION_TODAY)
    assert found.completed == read_one_panel(plant, BATCHES_TODAY)
    assert found.production == read_one_panel(plant, PRODUCTION_TODAY)[0]
    window = (EARLY.since, EARLY.until)
    grams = fetch_rows(
        plant.database.dsn,
        "SELECT chemical, sum(actual_g) FROM dosing_consumption WHERE time >= %s AND time < %s GROUP BY 1",
        *window,
    )
    assert {total.label: total.value for total in found.dosed} == pytest.approx(dict(grams))
    assert sum(total.value or 0 for total in found.dosed) == pytest.approx(found.production.dosed_g)
    listed = count_batches(plant, BatchFilter(*window))
    assert found.production.batches == listed.complete == 3
    assert found.production.aborted == listed.aborted == 0
    assert sum(total.value or 0 for total in found.completed) == listed.complete
    assert {(b.recipe, b.batches) for b in found.batches if b.status == "complete"} == {
        (total.label, total.value) for total in found.completed
    }


def test_a_batch_that_another_start_ended_is_aborted_in_every_count(migrated: str) -> None:
    """No abort is reported: the batch list says aborted, and so do tile, daily summary and report."""
    store_and_rebuild(
        migrated,
        make_event(-3600, "start", "FG-85/95"),
        make_dose(-3500, "T-12", recipe="FG-85/95", mode="BDO"),
        *normal_batch(-3400),
        now=AFTER,
    )
    settings = settings_for(migrated)
    found = read_report(settings)
    listed = count_batches(settings, BatchFilter(EARLY.since, EARLY.until))
    assert (found.production.batches, found.production.aborted) == (listed.complete, listed.aborted) == (1, 1)
    days = read_one_panel(settings, DAILY_SUMMARY)
    assert [(day.recipe, day.mode, day.batches, day.aborted) for day in days] == [
        ("CU-85", "CATALYST", 1, 0), ("FG-85/95", "BDO", 0, 1),
    ]  # fmt: skip


def test_batches_are_those_of_the_list_by_recipe_and_status(plant: Settings) -> None:
    found = read_report(plant)
    assert {(b.recipe, b.status): b.batches for b in found.batches} == {
        ("CU-85", "complete"): 2, ("CU-85", "no-start"): 1, ("FG-85/95", "complete"): 1,
        ("CU-65/75", "incomplete"): 1,
    }  # fmt: skip
    told = count_batches(plant, BatchFilter(EARLY.since, EARLY.until))
    assert sum(each.batches for each in found.batches) == told.batches == 5
    assert sum(each.with_findings for each in found.batches) == told.with_findings
    assert found.unreviewed == told.unreviewed == 4
    clean = [b for b in list_batches(plant, BatchFilter(EARLY.since, EARLY.until)) if not b.findings]
    assert (found.ended_batches, found.clean_batches) == (5, len(clean))
    assert found.right_first_time_percent == pytest.approx(100 * len(clean) / 5)


def test_open_batches_with_exceptions_come_first(plant: Settings) -> None:
    found = read_report(plant).open_batches
    assert len(found) == 4
    assert [bool(each.findings) for each in found] == sorted((bool(e.findings) for e in found), reverse=True)


def test_a_batch_under_way_is_not_yet_to_review(migrated: str) -> None:
    store_and_rebuild(migrated, *normal_batch(), *normal_batch(600)[:2], now=seconds_after(700))
    found = read_report(settings_for(migrated), now=seconds_after(700))
    assert {b.status: b.batches for b in found.batches} == {"complete": 1, "open": 1}
    assert (found.unreviewed, [each.status for each in found.open_batches]) == (1, ["complete"])


def test_stock_is_told_at_both_ends_with_what_was_dosed_and_filled(plant: Settings) -> None:
    stock = {each.chemical: each for each in read_report(plant).stock}
    assert (stock["T-9"].start_g, stock["T-9"].end_g) == (5000.0, 8960.0)
    taken_since_its_level = 40.1 + (stock["T-9"].dosed_g or 0)
    assert stock["T-9"].refilled_g == pytest.approx(3960.0 + taken_since_its_level)
    assert (stock["T-12"].start_g, stock["T-12"].end_g) == (3000.0, 2940.0)


EDGE = -7 * 3600.0
"""Where the early shift begins."""
AROUND_THE_EDGE = {
    "the dose before it, its level after it": (-1.0, -1.0, 2.0, (4960.0, 0.0)),
    "the dose by its own clock at it, heard with its level before": (0.0, -0.4, -0.2, (5000.0, 40.0)),
    "the dose at it, its level later": (0.0, 0.1, 0.3, (5000.0, 40.0)),
    "all in one moment": (0.0, 0.0, 0.0, (5000.0, 40.0)),
}


@pytest.mark.parametrize("case", AROUND_THE_EDGE)
def test_a_dose_at_the_very_edge_is_neither_filled_nor_lost(migrated: str, case: str) -> None:
    told, heard, level_at, (start_g, dosed_g) = AROUND_THE_EDGE[case]
    edge_dose = replace(make_dose(EDGE + told, "T-9", actual_g=40.0), received_at=seconds_after(EDGE + heard))
    store_and_rebuild(
        migrated,
        make_level(EDGE - 3600, "T-9", 5000.0), edge_dose, make_level(EDGE + level_at, "T-9", 4960.0),
        make_dose(0, "T-9", actual_g=40.0), make_level(1, "T-9", 4920.0),
        now=AFTER,
    )  # fmt: skip
    settings = settings_for(migrated)
    (after,) = read_report(settings).stock
    assert (after.start_g, after.dosed_g, after.end_g) == (start_g, 40.0 + dosed_g, 4920.0)
    assert after.refilled_g == 0.0
    night = ShiftPeriod("Night", EARLY.since - timedelta(hours=8), EARLY.since)
    (before,) = read_report(settings, night).stock
    assert (before.end_g, before.refilled_g) == (start_g, None)


def test_levels_out_of_a_backlog_are_no_stock(migrated: str) -> None:
    late = make_level(EDGE - 1, "T-9", 1234.0, quality=TimeQuality.BACKLOG)
    store_and_rebuild(
        migrated, make_level(EDGE - 60, "T-9", 5000.0), late, make_level(0, "T-9", 5000.0), now=AFTER
    )
    (tank,) = read_report(settings_for(migrated)).stock
    assert (tank.start_g, tank.end_g, tank.refilled_g) == (5000.0, 5000.0, 0.0)


def test_a_dose_of_unknown_mass_gives_a_bound_of_what_was_filled(migrated: str) -> None:
    store_and_rebuild(
        migrated,
        make_level(EDGE - 60, "T-9", 5000.0),
        make_dose(-60, "T-9", actual_g=40.0),
        make_dose(0, "T-9", actual_g=None),
        make_level(5, "T-9", 7160.0),
        now=AFTER,
    )
    found = read_report(settings_for(migrated))
    (tank,) = found.stock
    assert (tank.dosed_g, tank.unweighed) == (40.0, 1)
    assert (tank.refilled_g, tank.taken_unweighed) == (2200.0, 1)
    assert [(total.label, total.value) for total in found.unweighed] == [("T-9", 1.0)]


def test_open_points_of_earlier_shifts_are_told_as_long_as_they_are_open(plant: Settings) -> None:
    found = read_report(plant)
    assert (found.unreviewed, found.earlier_unreviewed) == (4, 1)
    (earlier,) = found.earlier_batches
    assert earlier.batch_id.endswith("20261123-001")
    (row,) = list_batches(plant, BatchFilter(until=EARLY.since))
    enter_review(plant, create_review_draft(row, Decision.DEVIATION, who="Anna", comment="seen"), os_user="a")
    found = read_report(plant)
    assert (found.unreviewed, found.earlier_unreviewed, found.earlier_batches) == (4, 0, ())


def test_the_stock_of_a_shift_that_is_on_is_the_panels(plant: Settings) -> None:
    now = NOON + timedelta(hours=4)
    late = ShiftPeriod("Late", EARLY.until, EARLY.until + timedelta(hours=8))
    found = read_report(plant, late, now)
    assert found.is_running
    assert {(t.device_id, t.chemical, t.end_g, t.end_percent) for t in found.stock} == {
        (t.device_id, t.chemical, t.remaining_g, t.percent_full) for t in read_one_panel(plant, INVENTORY)
    }
    assert [note.text for note in found.notes] == ["late"]


def test_alarms_are_counted_where_they_were_raised_and_timed_within_the_shift(plant: Settings) -> None:
    found = read_report(plant)
    assert found.raised == (
        (Priority.HIGH, 2), (Priority.MEDIUM, 0), (Priority.LOW, 0), (Priority.DIAGNOSTIC, 0),
    )  # fmt: skip
    assert found.top_alarms == (
        AlarmTotal(GROSS, Priority.HIGH, "DOSE_GROSS said", 2, timedelta(minutes=45)),
        AlarmTotal(LOW, Priority.MEDIUM, "STOCK_LOW said", 0, timedelta(hours=8)),
    )
    assert {state.key for state in found.standing} == {LOW, GROSS}
    assert found.hidden == ()


def test_notes_are_those_of_the_shift_in_their_order(plant: Settings) -> None:
    assert [note.text for note in read_report(plant).notes] == ["drum changed", "all well"]


def test_an_occurrence_has_its_return_and_its_acknowledgement(plant: Settings) -> None:
    first, second, third = list_occurrences(plant, since=EARLY.since, until=EARLY.until)
    assert (first.key, first.returned_at, first.acked_at) == (LOW, None, None)
    assert (second.returned_at, second.acked_by, second.comment) == (
        seconds_after(-3.5 * 3600),
        "Anna",
        "seen",
    )
    assert (third.returned_at, third.acked_at) == (seconds_after(-900), None)
    assert [
        o.key for o in list_occurrences(plant, since=EARLY.since, until=EARLY.until, device="another")
    ] == []
    earlier = make_entry(AlarmEvent.RAISE, AWAY, -1200)
    journal.append_entries(plant, [
        earlier, make_entry(AlarmEvent.RETURN, AWAY, -1100), make_entry(AlarmEvent.RAISE, AWAY, -1000),
        make_entry(AlarmEvent.ACKNOWLEDGE, AWAY, -990, who=Actor("Ben"), occurrence=earlier.uuid),
    ])  # fmt: skip
    found = list_occurrences(plant, since=EARLY.since, until=EARLY.until)
    assert [o.acked_at for o in found if o.key == AWAY] == [None, None]


def test_a_condition_that_ended_while_its_alarm_was_shelved_ends_with_the_shelving(plant: Settings) -> None:
    hide = make_entry(
        AlarmEvent.SHELVE, LOW, 3600, until=seconds_after(7200), comment="sensor", who=Actor("Anna")
    )
    journal.append_entries(plant, [hide])
    (hidden,) = read_report(plant).hidden
    assert (hidden.key, hidden.hiding and hidden.hiding.why) == (LOW, "sensor")
    journal.append_entries(plant, [make_entry(AlarmEvent.SHELVE_EXPIRE, LOW, 7200, active=False)])
    low = next(o for o in list_occurrences(plant, since=EARLY.since, until=EARLY.until) if o.key == LOW)
    assert low.returned_at == seconds_after(7200)


AWAY = AlarmKey("DEVICE_OFFLINE", STATION)
Spans = list[tuple[float, float | None, float | None]]
OF_AWAY: dict[str, tuple[list[tuple[str, float, bool]], Spans]] = {
    "it began while it was suppressed": (
        [("suppress", 0, False), ("release", 60, True), ("acknowledge", 70, False), ("return", 90, False)],
        [(60, 90, 70)],
    ),
    "it was over when its suppression was": ([("suppress", 0, False), ("release", 60, False)], []),
    "it lasted while it was shelved": (
        [("raise", 0, False), ("shelve", 10, False), ("expire", 60, True), ("acknowledge", 70, False)],
        [(0, None, 70)],
    ),
    "it ended when it was put back into service, and began anew": (
        [
            ("raise", 0, False), ("remove from service", 10, False), ("return to service", 60, False),
            ("raise", 61, False), ("acknowledge", 70, False),
        ],
        [(0, 60, None), (61, None, 70)],
    ),
    "it ended, and came out of the next shelving active": (
        [
            ("raise", 0, False), ("return", 5, False), ("shelve", 10, False), ("expire", 60, True),
            ("acknowledge", 70, False),
        ],
        [(0, 5, None), (60, None, 70)],
    ),
    "it began before the shift, and lasted through its shelving": (
        [
            ("raise", -30_000, False), ("shelve", -29_000, False), ("expire", -27_000, True),
            ("acknowledge", 10, False),
        ],
        [(-30_000, None, 10)],
    ),
    "it came out of its suppression before the shift": (
        [("suppress", -30_000, False), ("release", -27_000, True), ("return", 10, False)],
        [(-27_000, 10, None)],
    ),
}  # fmt: skip
"""Events, their seconds, whether the condition holds; then its begin, its end and its acknowledgement."""


@pytest.mark.parametrize("case", OF_AWAY)
def test_an_alarm_may_begin_with_the_end_of_its_hiding(migrated: str, case: str) -> None:
    told, expected = OF_AWAY[case]
    settings = settings_for(migrated)
    journal.append_entries(
        settings, [make_entry(AlarmEvent(word), AWAY, seconds, active=holds) for word, seconds, holds in told]
    )
    found = list_occurrences(settings, since=EARLY.since, until=EARLY.until)
    assert [(o.raised_at, o.returned_at, o.acked_at) for o in found] == [
        tuple(seconds if seconds is None else seconds_after(seconds) for seconds in one) for one in expected
    ]
    in_shift = sum(seconds_after(began) >= EARLY.since for began, _, _ in expected)
    assert sum(count for _, count in read_report(settings).raised) == in_shift


def test_a_shift_without_anything_is_a_report_too(migrated: str) -> None:
    found = read_report(settings_for(migrated))
    assert (found.batches, found.dosed, found.stock, found.right_first_time_percent) == ((), (), (), None)
    assert found.production.doses == 0


def test_a_report_says_while_batches_of_the_shift_wait_for_the_rebuild(migrated: str) -> None:
    settings = settings_for(migrated)
    store_and_rebuild(migrated, *normal_batch(), now=AFTER)
    assert read_shift_report(settings, EARLY, now=AFTER).stations_in_rebuild == 0
    write_readings(migrated, normal_batch(600))
    assert read_shift_report(settings, EARLY, now=AFTER).stations_in_rebuild == 1
    later = ShiftPeriod("Late", EARLY.until, EARLY.until + timedelta(hours=8))
    assert read_shift_report(settings, later, now=later.until).stations_in_rebuild == 0
    just_now = seconds_after(640)
    assert read_shift_report(settings, EARLY, now=just_now).stations_in_rebuild == 0
