"""Alarms of the journal are told by the batches that they fell into, live and on a rebuild alike."""

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.database import operator_notes
from dosing_tui.database.alarms import journal
from dosing_tui.database.batches.context_events import list_context_events
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches, rebuild_changed_days
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.domain.batch_review.assessment import parse_assessment
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.errors import ConfigError
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.alarm_entries import make_entry
from tests.support.domain.batch_messages import NOON, STATION, normal_batch, seconds_after

LATER = NOON + timedelta(hours=1)


def make_alarm_entry(
    event: AlarmEvent, seconds: float, *, device: str = STATION, **more: object
) -> JournalEntry:
    made = structs.replace(
        make_entry(event),
        uuid=uuid4(),
        id=0,
        key=AlarmKey("STOCK_LOW", device, "T-9"),
        at=seconds_after(seconds),
        received_at=seconds_after(seconds),
        message="T-9 is low.",
        comment="",
    )
    return structs.replace(made, **more)  # type: ignore[arg-type]  # names of Entry's fields


def read_findings(dsn: str) -> list[list[str]]:
    """The kinds of the exceptions and remarks of each batch; an alarm of a tank's level is a remark."""
    rows = fetch_rows(
        dsn, "SELECT judgement FROM batch_records JOIN batches USING (batch_key) ORDER BY begins_at"
    )
    told = [parse_assessment(judgement) for (judgement,) in rows]
    return [[each.kind.value for each in (*one.exceptions, *one.remarks)] for one in told]


def three_batches(dsn: str) -> None:
    store_and_rebuild(dsn, *normal_batch(), *normal_batch(400), *normal_batch(800), now=LATER)


def test_an_alarm_that_comes_after_its_batch_was_judged_is_told_by_it(migrated: str) -> None:
    three_batches(migrated)
    settings = settings_for(migrated)
    journal.append_entries(
        settings, [make_alarm_entry(AlarmEvent.RAISE, 410), make_alarm_entry(AlarmEvent.RETURN, 450)]
    )
    rebuild_changed_days(settings, now=LATER)
    assert read_findings(migrated) == [[], ["alarm"], []]


def test_an_alarm_journaled_long_after_it_came_is_told_by_every_batch_until_then(migrated: str) -> None:
    """The entry waited while the database or the journal was away; the batches had been judged without it."""
    three_batches(migrated)
    store_and_rebuild(migrated, *normal_batch(36_000), now=LATER + timedelta(hours=10))
    settings = settings_for(migrated)
    journal.append_entries(settings, [make_alarm_entry(AlarmEvent.RAISE, 410)])
    rebuild_changed_days(settings, now=LATER + timedelta(hours=11))
    assert read_findings(migrated) == [[], ["alarm"], ["alarm"], ["alarm"]]


def test_live_and_rebuilt_batches_are_judged_by_the_same_alarms(migrated: str) -> None:
    three_batches(migrated)
    settings = settings_for(migrated)
    journal.append_entries(
        settings,
        [
            make_alarm_entry(AlarmEvent.RAISE, -90_000),
            make_alarm_entry(AlarmEvent.RETURN, 300),
            make_alarm_entry(AlarmEvent.RAISE, 801),
        ],
    )
    rebuild_changed_days(settings, now=LATER)
    live = fetch_rows(migrated, "SELECT batch_key, judgement_hash FROM batches ORDER BY 1")
    assert read_findings(migrated) == [["alarm"], [], ["alarm"]]
    done = rebuild_batches(
        settings, since=NOON - timedelta(days=5), until=LATER, now=LATER, report=lambda sentence: None
    )
    assert (done.batch_count, done.stored_count) == (3, 0)
    assert fetch_rows(migrated, "SELECT batch_key, judgement_hash FROM batches ORDER BY 1") == live


def test_alarms_of_the_plant_count_for_every_station_diagnostic_ones_and_others_do_not(migrated: str) -> None:
    store_and_rebuild(migrated, *normal_batch(), *normal_batch(device="b"), now=LATER)
    settings = settings_for(migrated)
    journal.append_entries(settings, [make_alarm_entry(AlarmEvent.RAISE, 5, priority=Priority.DIAGNOSTIC)])
    journal.append_entries(settings, [make_alarm_entry(AlarmEvent.RAISE, 5, device="c")])
    rebuild_changed_days(settings, now=LATER)
    assert read_findings(migrated) == [[], []]
    journal.append_entries(settings, [make_alarm_entry(AlarmEvent.RAISE, 6, device="")])
    rebuild_changed_days(settings, now=LATER)
    assert read_findings(migrated) == [["alarm"], ["alarm"]]


def test_an_alarm_whose_condition_had_ended_when_it_was_shown_again_was_active_until_then(
    migrated: str,
) -> None:
    three_batches(migrated)
    settings = settings_for(migrated)
    hidden = [
        make_alarm_entry(AlarmEvent.RAISE, 410),
        make_alarm_entry(AlarmEvent.UNSHELVE, 500, active=False),
    ]
    journal.append_entries(settings, hidden)
    rebuild_changed_days(settings, now=LATER)
    assert read_findings(migrated) == [[], ["alarm"], []]


def test_what_fell_into_a_batch_is_told_with_the_notes_about_its_station(migrated: str) -> None:
    settings = settings_for(migrated)
    journal.append_entries(
        settings,
        [
            make_alarm_entry(AlarmEvent.RAISE, 10),
            make_alarm_entry(AlarmEvent.RETURN, 20),
            make_alarm_entry(AlarmEvent.RAISE, 30, device="b"),
        ],
    )
    operator_notes.add_note(
        settings, NoteDraft(seconds_after(40), "cleaned pump 3", "Anna", STATION), os_user="tester"
    )
    operator_notes.add_note(settings, NoteDraft(seconds_after(50), "not here", "Anna", "b"), os_user="tester")
    found = list_context_events(settings, device=STATION, since=NOON, until=seconds_after(125))
    assert [(alarm.name, alarm.message) for alarm in found.alarms] == [("STOCK_LOW/T-9", "T-9 is low.")]
    assert (found.alarms[0].since, found.alarms[0].until) == (seconds_after(10), seconds_after(20))
    assert [note.text for note in found.notes] == ["cleaned pump 3"]


def test_a_machine_that_calls_the_site_otherwise_does_not_rebuild_without_the_alarms(migrated: str) -> None:
    three_batches(migrated)
    settings = settings_for(migrated)
    other = replace(settings, plant=replace(settings.plant, site="office"))
    span = (NOON - timedelta(days=1), LATER)
    rebuild_batches(
        other, since=span[0], until=span[1], now=LATER, report=print
    )  # no alarms yet: nothing is lost
    journal.append_entries(
        settings, [make_alarm_entry(AlarmEvent.RAISE, 410), make_alarm_entry(AlarmEvent.RETURN, 450)]
    )
    rebuild_changed_days(settings, now=LATER)
    wrong = f"plant.site is office, but the alarms in the database are of {settings.plant.site}"
    with pytest.raises(ConfigError, match=wrong):
        rebuild_batches(other, since=span[0], until=span[1], now=LATER, report=print)
    assert read_findings(migrated) == [[], ["alarm"], []]
