"""Rights that a process needs on the plant's tables, as ``deploy/postgres/rights.sql`` grants them."""

from typing import NamedTuple

from dosing_tui.domain.messages.models import READING_TABLES


class TableRight(NamedTuple):
    table: str
    privilege: str


def _list_rights(privileges: str, tables: str) -> tuple[TableRight, ...]:
    return tuple(TableRight(table, privilege) for table in tables.split() for privilege in privileges.split())


_READINGS = " ".join(READING_TABLES)
VIEWER_RIGHTS = _list_rights(
    "SELECT",
    f"{_READINGS} rejected_messages spool_progress collector_leases inventory_latest latest_inventory"
    " device_last_seen dosing_rollup_15m dosing_rollup_6h plant_rollup batch_rollup pump_rollup"
    " pump_targets pump_use pump_use_rests service_log service_entries plant_limits alarm_limits"
    " tolerance_rules recipe_tolerances alarm_journal alarm_checkpoints alarm_notifications"
    " alarm_notification_channels operator_notes batches batch_records batch_numbers batch_rebuild_queue"
    " batch_duration_baselines batch_reviews batch_review_status recipe_masters review_policy audit_trail"
    " audited_pins station_status station_changes material_entries tank_mixes tank_use_rests batch_lots"
    " dropped_readings tank_days closed_tank_days closed_tank_books"
    " closed_pump_targets pump_rests pump_totals closed_pump_uses closed_pump_heads pump_heads batch_uses",
)
"""Of every process: all that a panel or a screen reads."""
COLLECTOR_RIGHTS = (
    *_list_rights("INSERT", f"{_READINGS} rejected_messages alarm_journal"),
    *_list_rights("INSERT", "batch_numbers batch_duration_baselines"),
    *_list_rights("INSERT UPDATE", "spool_progress collector_leases station_status tank_mixes"),
    *_list_rights("INSERT DELETE", "station_changes"),
    *_list_rights("INSERT UPDATE DELETE", "batches batch_records batch_lots batch_rebuild_queue"),
    *_list_rights("INSERT UPDATE", "alarm_notifications alarm_notification_channels alarm_checkpoints"),
    TableRight("process_locks", "UPDATE"),
)
