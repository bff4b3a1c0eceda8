"""Alarms and the entries of their journal as rows that leave the program, by the screen or a command."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, tzinfo

from dosing_tui.domain.alarms.models import AlarmState, Entry
from dosing_tui.domain.panels.filters import EVERYTHING
from dosing_tui.export.table import Cell, Column, Extract

ALARMS = (
    Column("state", "state"),
    Column("priority", "priority"),
    Column("tag", "tag"),
    Column("message", "message"),
    Column("raised_at", "raised at"),
    Column("value", "value"),
    Column("limit", "limit"),
    Column("count", "times"),
    Column("acknowledged_by", "acknowledged by"),
    Column("until", "until"),
    Column("comment", "comment"),
)
JOURNAL = (
    Column("id", "id"),
    Column("at", "at"),
    Column("received_at", "received at"),
    Column("tag", "tag"),
    Column("event", "event"),
    Column("priority", "priority"),
    Column("message", "message"),
    Column("value", "value"),
    Column("limit", "limit"),
    Column("rule_version", "rule version"),
    Column("user", "user"),
    Column("os_user", "account"),
    Column("role", "database role"),
    Column("offline", "entered offline"),
    Column("until", "until"),
    Column("comment", "comment"),
)


def alarms_extract(states: Iterable[AlarmState], *, range: str, now: datetime, zone: tzinfo) -> Extract:
    """The alarms as they are now, in their order; ``range`` in words, with what was filtered for."""
    return Extract(
        panel="alarms", title="Alarms", unit="", range=range, since=now, until=now, selection=EVERYTHING,
        generated_at=now, zone=zone, columns=ALARMS, rows=tuple(_alarm(state) for state in states),
    )  # fmt: skip


def journal_extract(
    entries: Iterable[Entry], *, range: str, since: datetime, until: datetime, now: datetime, zone: tzinfo
) -> Extract:
    """The entries in their order; ``range`` in words, with what was filtered for."""
    return Extract(
        panel="alarm_journal", title="Alarm journal", unit="", range=range, since=since, until=until,
        selection=EVERYTHING, generated_at=now, zone=zone, columns=JOURNAL,
        rows=tuple(_entry(entry) for entry in entries),
    )  # fmt: skip


def _entry(entry: Entry) -> tuple[Cell, ...]:
    who = entry.who
    return (
        entry.id, entry.at, entry.received_at, entry.key.tag, entry.event.value, entry.priority.value,
        entry.message, entry.value, entry.limit, entry.rule_version, who.name, who.os_user, who.role,
        "yes" if entry.offline else "", entry.until, entry.comment,
    )  # fmt: skip


def _alarm(state: AlarmState) -> tuple[Cell, ...]:
    hiding = state.hiding
    return (
        state.shown.value, state.priority.value, state.key.tag, state.message, state.raised_at, state.value,
        state.limit, state.count, state.acked_by.name or state.acked_by.os_user,
        hiding.until if hiding else None, hiding.why if hiding else state.comment,
    )  # fmt: skip


def narrowed(extract: Extract) -> Extract:
    """Without the columns in which no row says anything: for people."""
    used = [n for n in range(len(extract.columns)) if any(row[n] not in (None, "") for row in extract.rows)]
    return replace(
        extract,
        columns=tuple(extract.columns[n] for n in used),
        rows=tuple(tuple(row[n] for n in used) for row in extract.rows),
    )
