"""Rights that a process needs on tables and functions, as ``deploy/postgres/rights.sql`` grants them."""

from typing import NamedTuple

from dosing_tui.domain.messages.models import READING_TABLES


class NeededRight(NamedTuple):
    name: str
    """Of a table, or of a function with the types of its arguments."""
    privilege: str
    column: str = ""
    """Where the right is one on this column only."""


def _list_rights(privileges: str, tables: str, columns: str = "") -> tuple[NeededRight, ...]:
    return tuple(
        NeededRight(table, privilege, column)
        for table in tables.split()
        for privilege in privileges.split()
        for column in columns.split() or ("",)
    )


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
    " closed_pump_targets pump_rests pump_day_rests pump_totals closed_pump_uses closed_pump_heads pump_heads"
    " batch_uses",
)
"""Of every process: all that a panel or a screen reads."""
_BATCH_COLUMNS = (
    "recipe mode status reason begins_at ends_at last_at anchored_at anchor pumps doses target_g actual_g"
    " findings finding_kinds recipe_version record_hash judgement_hash"
)
_COLLECTOR_FUNCTIONS = (
    "recount_late_pump_errors(bigint, boolean)",
    "note_dropped_readings()",
    "close_tank_days(text, text, integer)",
    "close_pump_days(text)",
    "store_batch_uses(text[])",
    "store_recent_uses(text)",
    "end_blocking_sessions()",
    "enter_material(jsonb)",
    "enter_alarm_action(jsonb)",
)
COLLECTOR_RIGHTS = (
    *_list_rights("INSERT", f"{_READINGS} rejected_messages"),
    *_list_rights("INSERT", "batch_numbers batch_duration_baselines"),
    *_list_rights("INSERT UPDATE", "spool_progress collector_leases station_status tank_mixes"),
    *_list_rights("INSERT DELETE", "station_changes"),
    *_list_rights("INSERT UPDATE DELETE", "batch_records batch_lots batch_rebuild_queue"),
    *_list_rights("INSERT UPDATE", "alarm_notifications alarm_notification_channels alarm_checkpoints"),
    *_list_rights(
        "INSERT",
        "alarm_journal",
        "uuid site rule device_id item event at received_at priority rule_version message value limit_value"
        " latching active occurrence until author os_user offline comment",
    ),
    *_list_rights("INSERT", "batches", f"batch_key batch_id device_id {_BATCH_COLUMNS}"),
    *_list_rights("UPDATE", "batches", f"{_BATCH_COLUMNS} gone"),
    NeededRight("batches", "DELETE"),
    NeededRight("process_locks", "UPDATE", "taken_at"),
    *(NeededRight(name, "EXECUTE") for name in _COLLECTOR_FUNCTIONS),
)
