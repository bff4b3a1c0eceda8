"""The log of pumps and scales, and what is due, as export tables."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from dosing_tui.domain.capability.service_log import ServiceEntry
from dosing_tui.domain.capability.service_state import PlantServiceLimits, ServiceState, list_service_dues
from dosing_tui.domain.panels.filters import NO_FILTER
from dosing_tui.domain.panels.panel_columns import DataColumn
from dosing_tui.export.table import CellValue, ExportTable

LOG_COLUMNS = (
    DataColumn("entry", "entry"),
    DataColumn("at", "at"),
    DataColumn("station", "station"),
    DataColumn("part", "part"),
    DataColumn("kind", "kind"),
    DataColumn("target_g", "target", "g"),
    DataColumn("readings_g", "weighings", "g"),
    DataColumn("mean_g", "mean", "g"),
    DataColumn("cv_percent", "CV", "%"),
    DataColumn("note", "note"),
    DataColumn("person", "by"),
    DataColumn("os_user", "account"),
    DataColumn("role", "database role"),
    DataColumn("entered_at", "entered at"),
    DataColumn("withdraws", "withdraws entry"),
    DataColumn("withdrawn", "withdrawn"),
)
DUE_COLUMNS = (
    DataColumn("station", "station"),
    DataColumn("pump", "pump"),
    DataColumn("work", "work"),
    DataColumn("last_at", "last"),
    DataColumn("used", "used"),
    DataColumn("limit", "limit"),
    DataColumn("unit", "unit"),
    DataColumn("due_at", "due at"),
    DataColumn("is_due", "due"),
)


def build_service_log(
    entries: Iterable[ServiceEntry], *, range: str, since: datetime | None, now: datetime, zone: tzinfo
) -> ExportTable:
    """In the given order."""
    rows = tuple(_entry_to_row(entry) for entry in entries)
    return _build("service_log", "Log of pumps and scales", LOG_COLUMNS, rows, range, since, now, zone)


def build_due_list(
    states: Iterable[ServiceState], limits: PlantServiceLimits, *, now: datetime, zone: tzinfo
) -> ExportTable:
    """What each limit of each pump has been used of, the most urgent first."""
    dues = [
        (state, due)
        for state in states
        for due in list_service_dues(state, limits.get_limits(state.device_id, state.pump), now)
    ]
    dues.sort(key=lambda pair: (-pair[1].share, pair[0].device_id, pair[0].pump))
    rows = tuple(
        (
            state.device_id, state.pump, due.work.value, due.last_at, round(due.used, 2), due.limit, due.unit,
            due.due_at, "due" if due.is_due else "",
        )
        for state, due in dues
    )  # fmt: skip
    return _build("service_due", "Due at pumps and scales", DUE_COLUMNS, rows, "now", None, now, zone)


def _build(
    name: str, title: str, columns: tuple[DataColumn, ...], rows: tuple[tuple[CellValue, ...], ...],
    range: str, since: datetime | None, now: datetime, zone: tzinfo,
) -> ExportTable:  # fmt: skip
    return ExportTable(
        panel=name, title=title, unit="", range=range, since=since, until=now, selection=NO_FILTER,
        generated_at=now, zone=zone, columns=columns, rows=rows,
    )  # fmt: skip


def _entry_to_row(entry: ServiceEntry) -> tuple[CellValue, ...]:
    return (
        entry.entry_id, entry.at, entry.device_id, entry.part, entry.kind, entry.target_g,
        " ".join(f"{grams:g}" for grams in entry.readings_g), entry.mean_g, entry.cv_percent, entry.note,
        entry.person, entry.os_user, entry.db_role, entry.entered_at, entry.withdraws,
        "withdrawn" if entry.is_withdrawn else "",
    )  # fmt: skip
