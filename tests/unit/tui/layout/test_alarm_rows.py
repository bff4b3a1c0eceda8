"""Alarms of nine stations with twelve chemicals each: no two rows look the same, however narrow."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmState, JournalEntry
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.labels.alarm_labels import describe_alarm
from dosing_tui.domain.notifications.policy import AlarmSummary, NotificationMessage, Trigger
from dosing_tui.notifiers.message_text import format_subject
from dosing_tui.tui.alarms.alarm_list import AlarmListContext
from dosing_tui.tui.alarms.journal_list import JOURNAL_COLUMNS
from dosing_tui.tui.layout.alarm_banner import build_banner, render_banner
from dosing_tui.tui.rendering.canvas import Rows, pad_cells
from dosing_tui.tui.rendering.data_table import TableData, paint_table
from tests.support.tui.alarm_samples import make_view
from tests.support.tui.nine_stations import STATIONS, list_tank_alarms

AT = datetime(2026, 3, 11, 14, 26, tzinfo=UTC)
WIDTHS = (80, 100, 120, 160)
COLUMN_WIDTHS = {80: 9 + 1 + 17, 100: 12 + 1 + 20, 120: 16 + 1 + 25, 160: 16 + 1 + 32}
"""Width of a banner -> cells of station and tag."""
ALARMS = [*list_tank_alarms(), *((AlarmKey("DEVICE_OFFLINE", station), "") for station in STATIONS)]
SHORT_NAMES = {"dosing_system_01": "L1", "dosing_system_02": "Hall 2 north"}


def read_rows(rows: Rows, start: int = 0, end: int | None = None) -> list[str]:
    """Their texts from one column to another."""
    return ["".join(cell for cell, _ in row[start:end]) for row in rows]


def render_alarms(width: int, short_names: dict[str, str]) -> Rows:
    views = tuple(
        make_view(AlarmState(
            key, RULES[key.rule].priority, active=True, occurrence=UUID(int=number), count=1, raised_at=AT,
            message=message,
        ))
        for number, (key, message) in enumerate(ALARMS)
    )  # fmt: skip
    banner = build_banner(
        AlarmSnapshot(AT, views), [], idle_text="", silence_key="x", short_names=short_names
    )
    return render_banner(banner, lambda at: "14:26:00", width, len(ALARMS))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("short_names", [{}, SHORT_NAMES])
def test_every_banner_row_names_its_own_station_and_tag(width: int, short_names: dict[str, str]) -> None:
    rows = render_alarms(width, short_names)
    assert len(set(read_rows(rows, 18, 18 + COLUMN_WIDTHS[width]))) == len(ALARMS)
    assert not any("(dosing" in row or ", dosing" in row for row in read_rows(rows))


def test_a_wide_banner_shows_station_tag_and_text() -> None:
    row = next(
        row for row in read_rows(render_alarms(160, {})) if "STOCK_CRITICAL/T-9" in row and "_03" in row
    )
    assert row[18:].startswith("dosing_system_03 STOCK_CRITICAL/T-9")
    assert "Tank nearly empty: T-9 at 4.1 %" in row


def test_a_narrow_banner_cuts_names_in_the_middle() -> None:
    rows = read_rows(render_alarms(80, {}), 18)
    row = next(row for row in rows if "12 %" in row and "03" in row and "STOCK_L" in row)
    assert row.startswith("03 STOCK_LOW/Na…12 %")
    short = next(row for row in read_rows(render_alarms(80, SHORT_NAMES)) if "L1 " in row)
    assert short[18:].startswith("L1        ")


@pytest.mark.parametrize("width", WIDTHS)
def test_every_journal_row_names_its_own_station_and_tag(width: int) -> None:
    entries = tuple(
        JournalEntry(
            uuid=UUID(int=number), key=key, event=AlarmEvent.RAISE, at=AT, received_at=AT,
            priority=RULES[key.rule].priority, rule_version=1, message=message, value=4.1, limit=5.0,
        )
        for number, (key, message) in enumerate(ALARMS)
    )  # fmt: skip
    table = TableData(entries, JOURNAL_COLUMNS, AlarmListContext(AT, UTC))
    rows = paint_table(table, width, len(entries) + 1)
    heading = read_rows(rows)[0]
    assert heading.index("Station") < heading.index("Tag")
    after = heading.index("Alarm" if "Alarm" in heading else "Operator")
    assert len(set(read_rows(rows[1:], heading.index("Station"), after))) == len(entries)
    assert "Operator" in heading


def test_every_notification_names_its_own_station_and_tag() -> None:
    subjects = set()
    for key, message in ALARMS:
        summary = AlarmSummary(
            key=key, event=AlarmEvent.RAISE, priority=RULES[key.rule].priority, at=AT, message=message
        )
        notice = NotificationMessage(
            id=UUID(int=1), trigger=Trigger.RAISE, site="plant1", plant="Plant 1", alarms=(summary,)
        )  # fmt: skip
        subject = format_subject(notice, UTC)
        label = describe_alarm(key, message)
        assert subject.partition("] ")[2].startswith(f"{label.station} · {label.tag} · ")
        assert subject.count(key.device) == 1
        subjects.add(subject)
    assert len(subjects) == len(ALARMS)


def test_cells_are_padded_by_their_width() -> None:
    assert (pad_cells("強酸", 6), pad_cells("abc", 2)) == ("強酸  ", "abc")
