"""Alarms and alarm-journal entries as export tables, for the screen and the commands."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from msgspec.structs import replace

from dosing_tui.domain.alarms.catalog import format_alarm_value
from dosing_tui.domain.alarms.models import AlarmState, JournalEntry
from dosing_tui.domain.labels.alarm_labels import describe_alarm
from dosing_tui.domain.panels.filters import NO_FILTER
from dosing_tui.domain.panels.panel_columns import DataColumn
from dosing_tui.export.table import CellValue, ExportTable

ALARM_COLUMNS = (
    DataColumn("station", "station"),
    DataColumn("tag", "tag"),
    DataColumn("state", "state"),
    DataColumn("priority", "priority"),
    DataColumn("message", "message"),
    DataColumn("raised_at", "raised at"),
    DataColumn("value", "value"),
    DataColumn("limit", "limit"),
    DataColumn("count", "times"),
    DataColumn("acknowledged_by", "acknowledged by"),
    DataColumn("until", "until"),
    DataColumn("comment", "comment"),
)
JOURNAL_COLUMNS = (
    DataColumn("station", "station"),
    DataColumn("tag", "tag"),
    DataColumn("id", "id"),
    DataColumn("at", "at"),
    DataColumn("received_at", "received at"),
    DataColumn("event", "event"),
    DataColumn("priority", "priority"),
    DataColumn("message", "message"),
    DataColumn("value", "value"),
    DataColumn("limit", "limit"),
    DataColumn("rule_version", "rule version"),
    DataColumn("user", "user"),
    DataColumn("os_user", "account"),
    DataColumn("role", "database role"),
    DataColumn("offline", "entered offline"),
    DataColumn("until", "until"),
    DataColumn("comment", "comment"),
)


def build_alarm_table(
    states: Iterable[AlarmState], *, range: str, now: datetime, zone: tzinfo
) -> ExportTable:
    """Current alarms in the given order; ``range`` describes range and filters."""
    return ExportTable(
        panel="alarms",
        title="Alarms",
        unit="",
        range=range,
        since=now,
        until=now,
        selection=NO_FILTER,
        generated_at=now,
        zone=zone,
        columns=ALARM_COLUMNS,
        rows=tuple(_alarm_to_row(state) for state in states),
    )


def build_journal_table(
    entries: Iterable[JournalEntry],
    *,
    range: str,
    since: datetime,
    until: datetime,
    now: datetime,
    zone: tzinfo,
) -> ExportTable:
    """Journal entries in the given order; ``range`` describes range and filters."""
    return ExportTable(
        panel="alarm_journal", title="Alarm journal", unit="", range=range, since=since, until=until,
        selection=NO_FILTER, generated_at=now, zone=zone, columns=JOURNAL_COLUMNS,
        rows=tuple(_entry_to_row(entry) for entry in entries),
    )  # fmt: skip


def _entry_to_row(entry: JournalEntry) -> tuple[CellValue, ...]:
    who, label = entry.who, describe_alarm(entry.key, entry.message)
    return (
        label.station, entry.key.tag, entry.id, entry.at, entry.received_at, entry.event.value,
        entry.priority.value, label.text, entry.value, entry.limit, entry.rule_version, who.name,
        who.os_user, who.role, "yes" if entry.offline else "", entry.until, entry.comment,
    )  # fmt: skip


def _alarm_to_row(state: AlarmState) -> tuple[CellValue, ...]:
    hiding, label = state.hiding, describe_alarm(state.key, state.message)
    return (
        label.station, state.key.tag, state.state_name.value, state.priority.value, label.text,
        state.raised_at, state.value, state.limit, state.count, state.acked_by.name or state.acked_by.os_user,
        hiding.until if hiding else None, hiding.why if hiding else state.comment,
    )  # fmt: skip


def format_measured_values(table: ExportTable) -> ExportTable:
    """Values and limits with the unit of their alarm, for tables that people read."""
    names = [column.field for column in table.columns]
    tag = names.index("tag")
    measured = {names.index("value"), names.index("limit")}

    def format_cell(place: int, value: CellValue, rule: str) -> CellValue:
        return format_alarm_value(rule, value) if place in measured and isinstance(value, float) else value

    return replace(
        table,
        rows=tuple(
            tuple(format_cell(n, value, str(row[tag]).partition("/")[0]) for n, value in enumerate(row))
            for row in table.rows
        ),
    )


def drop_empty_columns(table: ExportTable) -> ExportTable:
    """Drop columns that are empty in every row, for tables that people read."""
    used = [n for n in range(len(table.columns)) if any(row[n] not in (None, "") for row in table.rows)]
    return replace(
        table,
        columns=tuple(table.columns[n] for n in used),
        rows=tuple(tuple(row[n] for n in used) for row in table.rows),
    )
