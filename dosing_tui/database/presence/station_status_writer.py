"""Stores stations' reports and losses of messages; a session of its own, for one thread."""

from collections.abc import Sequence
from functools import cached_property

from msgspec.structs import asdict

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import Session, describe_target, open_connection
from dosing_tui.database.error_mapping import DatabaseTarget, translate_rowless_errors
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.presence.models import MessageLoss, StationNews, StationReport

MAX_CHANGES = 500
"""Changes that are kept of each station."""
MAX_LOSSES = 10_000
"""The same of lost messages, for 90 days."""
OPTIONAL_FIELDS = ("boot_id", "seq", "rssi_dbm", "firmware", "heap_free_bytes", "uptime_ms")


class StationStatusWriter:
    """Connects when it is needed. Every method may raise DatabaseUnavailableError or DatabaseAccessError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: Session | None = None

    def write_news(self, news: Sequence[StationNews]) -> None:
        """Store all or nothing, in order."""
        if self._session is None or self._session.closed:
            self._session = open_connection(self._settings, application="stations", autocommit=True)
        with translate_rowless_errors(self._target), self._session.transaction():
            for each in news:
                if isinstance(each, MessageLoss):
                    self._session.execute(read_statement("writes/insert_message_loss"), _encode_loss(each))
                else:
                    self._session.execute(
                        read_statement("writes/upsert_station_status"), _encode_report(each)
                    )
            devices = sorted({each.device_id for each in news})
            kept = {"devices": devices, "keep": MAX_CHANGES, "keep_lost": MAX_LOSSES}
            self._session.execute(read_statement("writes/delete_old_station_changes"), kept)

    @cached_property
    def _target(self) -> DatabaseTarget:
        return describe_target(self._settings)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _encode_report(report: StationReport) -> dict[str, object]:
    values = asdict(report)
    flagged = {flag.partition(":")[0] for flag in report.flags}
    unusable = [name for name in OPTIONAL_FIELDS if name in flagged and values[name] is None]
    return {**values, "flags": list(report.flags), "unusable": unusable}


def _encode_loss(loss: MessageLoss) -> dict[str, object]:
    numbers = str(loss.first) if loss.first == loss.last else f"{loss.first}-{loss.last}"
    return {"device_id": loss.device_id, "at": loss.at, "count": loss.count, "detail": numbers}
