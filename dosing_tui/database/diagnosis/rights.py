"""Rights that a process needs on the plant's tables, as ``deploy/postgres/rights.sql`` grants them."""

from typing import NamedTuple


class TableRight(NamedTuple):
    table: str
    privilege: str


def _list_rights(privileges: str, tables: str) -> tuple[TableRight, ...]:
    return tuple(TableRight(table, privilege) for table in tables.split() for privilege in privileges.split())


READING_TABLES = "dosing_consumption batch_events inventory_levels"
VIEWER_RIGHTS = _list_rights(
    "SELECT",
    f"{READING_TABLES} rejected_messages spool_progress collector_leases batches batch_records alarm_journal"
    " alarm_notifications alarm_notification_channels",
)
OPERATOR_RIGHTS = _list_rights("INSERT", "operator_notes pin_entry alarm_journal")
COLLECTOR_RIGHTS = (
    *_list_rights("INSERT", f"{READING_TABLES} rejected_messages alarm_journal"),
    *_list_rights("INSERT", "batch_numbers batch_duration_baselines"),
    *_list_rights("INSERT UPDATE", "spool_progress collector_leases"),
    *_list_rights("INSERT UPDATE DELETE", "batches batch_records batch_rebuild_queue"),
    *_list_rights("INSERT UPDATE", "alarm_notifications alarm_notification_channels alarm_checkpoints"),
    TableRight("process_locks", "UPDATE"),
)
