"""Reads the facts of a database in one session. What this role may not read does not stop the rest."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
from msgspec.structs import replace

from dosing_tui.config.settings import CollectorMode, Settings
from dosing_tui.database.connection import describe_target, open_connection, select_row, select_rows
from dosing_tui.database.diagnosis.facts import (
    ChunkCounts,
    CollectorLease,
    DatabaseFacts,
    MissingRight,
    ReplicaState,
    RowTimes,
    ServerDetails,
    SharedLogin,
    StationClockSample,
    StationCounts,
    StationLoss,
)
from dosing_tui.database.diagnosis.rights import COLLECTOR_RIGHTS, VIEWER_RIGHTS
from dosing_tui.database.error_mapping import translate_rowless_errors
from dosing_tui.database.schema import migration_history
from dosing_tui.database.schema.background_jobs import JOBS_STATEMENT, JobState
from dosing_tui.database.schema.stored_rules.retention_states import list_states
from dosing_tui.database.server_flavour import ServerFlavour, detect_server
from dosing_tui.database.sessions.statement_deadline import DeadlineConnection
from dosing_tui.domain.alarm_rules.shared.rule_state import SKEW_SAMPLES
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

APPLICATION_NAME = "doctor"
RowT = TypeVar("RowT")


def read_database_facts(settings: Settings) -> DatabaseFacts:
    """Raises: DatabaseUnavailableError, DatabaseAccessError, also if the session ends meanwhile."""
    with (
        translate_rowless_errors(describe_target(settings)),
        open_connection(settings, application=APPLICATION_NAME, autocommit=True) as session,
    ):
        return _FactReader(session, settings).read_everything()


class _FactReader:
    def __init__(self, session: DeadlineConnection, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self._unreadable: list[str] = []

    def read_everything(self) -> DatabaseFacts:
        began = datetime.now(UTC)
        details = select_row(self._session, _build_details, "doctor/select_server_details")
        assert details is not None  # a SELECT without FROM has exactly one row
        middle = began + (datetime.now(UTC) - began) / 2
        server = detect_server(self._session)
        flavour = self._read_flavour()
        facts: dict[str, Any] = {}
        if flavour is not None:
            facts = self._read_schema_facts(flavour)
        if server.extension:
            facts["jobs"] = self._list_rows("jobs", JobState, JOBS_STATEMENT)
        facts["replicas"] = self._list_rows("replication", ReplicaState, "doctor/select_standbys")
        return DatabaseFacts(
            server=server,
            details=details,
            clock_offset_s=(details.server_time - middle).total_seconds(),
            has_pooler=bool(self._session.server_pid),
            schema_flavour=flavour,
            unreadable=tuple(self._unreadable),
            **facts,
        )

    def _read_flavour(self) -> ServerFlavour | None:
        with suppress(psycopg.Error):
            if applied := migration_history.list_applied(self._session):
                return ServerFlavour(applied[0].flavour)
        return None

    def _read_schema_facts(self, flavour: ServerFlavour) -> dict[str, Any]:
        is_plain = flavour is ServerFlavour.PLAIN
        chunks = "doctor/select_partitions" if is_plain else "doctor/select_chunks"
        site = {"site": self._settings.plant.site}
        wanted = VIEWER_RIGHTS
        if self._settings.collector.mode is not CollectorMode.NEVER:
            wanted += COLLECTOR_RIGHTS
        rights = {
            "names": [right.name for right in wanted],
            "privileges": [right.privilege for right in wanted],
            "columns": [right.column for right in wanted],
        }
        leases = self._list_rows("collector", CollectorLease, "doctor/select_lease", site)
        writers = self._list_rows("other writers", _read_writer, "reads/select_other_writers")
        return {
            "foreign_owner": "".join(self._list_rows("owner", _read_owner, "doctor/select_foreign_owner")),
            "missing_rights": self._list_rows("rights", MissingRight, "doctor/select_missing_rights", rights),
            "open_rights": self._list_rows("open rights", _read_act, "maintenance/select_open_rights"),
            "chunks": self._list_rows("chunks", ChunkCounts, chunks),
            "row_times": self._list_rows("readings", RowTimes, "doctor/select_row_times"),
            "keep_days": {name: state.keep_days for name, state in list_states(self._session).items()},
            "lease": leases[0] if leases else None,
            "other_writers": writers,
            "signature_owner": "".join(
                self._list_rows("signatures", _read_owner, "maintenance/select_signature_owner")
            ),
            "shared_logins": self._list_rows("logins", _build_login, "doctor/select_shared_logins"),
            "unreadable_entries": sum(
                self._list_rows("journal", _read_count, "doctor/count_unreadable_entries", site)
            ),
            "clock_samples": self._list_rows(
                "clocks", _build_sample, "doctor/select_clock_samples", {"samples": SKEW_SAMPLES}
            ),
            "station_counts": self._list_rows("stations", StationCounts, "doctor/count_stations", site),
            "station_losses": self._list_rows("stations", StationLoss, "doctor/select_station_losses"),
        }

    def _list_rows(
        self,
        subject: str,
        build_row: Callable[..., RowT],
        statement: str,
        parameters: Mapping[str, object] | None = None,
    ) -> tuple[RowT, ...]:
        try:
            return tuple(select_rows(self._session, build_row, statement, parameters or {}))
        except psycopg.Error as error:
            if self._session.closed:
                raise
            reason = error.diag.message_primary or str(error)
            self._unreadable.append(f"{subject}: {clean_line(reason, 200)}")
            return ()


def _build_details(**columns: Any) -> ServerDetails:  # Any: the columns of a row
    return ServerDetails(**columns)


def _read_writer(writer: str) -> str:
    return clean_text(writer)


def _build_login(login: str, reviewers: int) -> SharedLogin:
    return SharedLogin(clean_text(login), reviewers)


def _read_owner(owner_name: str) -> str:
    return clean_text(owner_name)


def _read_count(unreadable: int) -> int:
    return unreadable


def _read_act(act: str, **_: object) -> str:
    return act


def _build_sample(**columns: Any) -> StationClockSample:
    sample = StationClockSample(**columns)
    return replace(sample, device_id=clean_text(sample.device_id))
