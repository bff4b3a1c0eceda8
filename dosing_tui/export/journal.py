"""Entries of the alarm journal as rows that leave the program, the same for screen and command."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from dosing_tui.export.extract import Cell, Column, Extract
from dosing_tui.plant.alarms.records import Entry
from dosing_tui.plant.filters import EVERYTHING

NAME = "alarm_journal"
COLUMNS = (
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
    Column("until", "until"),
    Column("comment", "comment"),
)


def journal_extract(
    entries: Iterable[Entry], *, range: str, since: datetime, until: datetime, now: datetime, zone: tzinfo
) -> Extract:
    """The entries in their order; ``range`` in words, with what was filtered for."""
    return Extract(
        panel=NAME, title="Alarm journal", unit="", range=range, since=since, until=until,
        selection=EVERYTHING, generated_at=now, zone=zone, columns=COLUMNS,
        rows=tuple(_row(entry) for entry in entries),
    )  # fmt: skip


def _row(entry: Entry) -> tuple[Cell, ...]:
    who = entry.who
    return (
        entry.id, entry.at, entry.received_at, entry.key.tag, entry.event.value, entry.priority.value,
        entry.message, entry.value, entry.limit, entry.rule_version, who.name, who.os_user, who.role,
        entry.until, entry.comment,
    )  # fmt: skip
