"""What a server is only seldom: its clock, its standbys, its jobs."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import PlantSettings, Settings
from dosing_tui.database.diagnosis.facts import ChunkCounts, DatabaseFacts, ReplicaState, ServerDetails
from dosing_tui.database.schema.background_jobs import JobState
from dosing_tui.database.server_flavour import ServerFlavour, ServerInfo
from dosing_tui.doctor.checks.check_result import CheckResult
from dosing_tui.doctor.checks.database_checks import check_server
from dosing_tui.doctor.checks.disk_space import DiskSpace
from dosing_tui.doctor.checks.maintenance_checks import check_maintenance

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SETTINGS = Settings(plant=PlantSettings(timezone="Europe/Berlin"))
DETAILS = ServerDetails(
    server_time=NOW, user_name="dosing_writer", is_standby=False, is_read_only=False, version="17.2",
    database_bytes=10**9, data_folder=None, connections_used=20, connections_max=97,
    zone_offset_s=3600, later_zone_offset_s=7200, newer_extension="",
)  # fmt: skip
JOB = JobState(1001, "Columnstore Policy", "batch_events", True, "Success", NOW, "")
FACTS = DatabaseFacts(
    server=ServerInfo(17, "2.19.3", "timescale", offered=True), details=DETAILS, clock_offset_s=0.01,
    has_pooler=False, schema_flavour=ServerFlavour.COMMUNITY, jobs=(JOB,),
    chunks=(ChunkCounts("batch_events", 12),),
)  # fmt: skip


def list_faults(facts: DatabaseFacts, disk: DiskSpace | None = None) -> list[CheckResult]:
    results = [*check_server(SETTINGS, facts, disk=disk, now=NOW), *check_maintenance(facts, NOW)]
    return [result for result in results if result.is_fault]


def test_nothing_is_wrong_at_first() -> None:
    assert list_faults(FACTS) == []


@pytest.mark.parametrize(
    ("changes", "name", "text"),
    [
        ({"clock_offset_s": 3600.0}, "clock", "This machine's clock is 1 h behind the database server's."),
        ({"clock_offset_s": -7.0}, "clock", "This machine's clock is 7 s ahead of the database server's."),
        (
            {"jobs": (replace(JOB, last_status="Failed", last_error="disk full"),)},
            "jobs",
            "Background job 1001 (Columnstore Policy of batch_events) failed: disk full.",
        ),
        (
            {"jobs": (replace(JOB, is_scheduled=False),)},
            "jobs",
            "Background job 1001 (Columnstore Policy of batch_events) is switched off.",
        ),
        (
            {"chunks": (ChunkCounts("batch_events", 12, late_compressions=2),)},
            "compression",
            "2 chunks of batch_events should be compressed and are not.",
        ),
        (
            {"chunks": (ChunkCounts("batch_events", 12, late_drops=2),)},
            "retention",
            "Rows of batch_events are older than their retention: it is not applied.",
        ),
        (
            {"replicas": (ReplicaState("hall 2", is_active=True, lag_s=900.0, kept_bytes=0),)},
            "replication",
            "Standby hall 2 is 15 min behind.",
        ),
        (
            {"replicas": (ReplicaState("gone", is_active=False, lag_s=0.0, kept_bytes=5 * 1000**3),)},
            "replication",
            "No standby reads slot gone, which keeps 5.0 GB.",
        ),
        (
            {"details": replace(DETAILS, connections_used=90)},
            "connections",
            "90 of 97 connections are used.",
        ),
        (
            {"details": replace(DETAILS, later_zone_offset_s=3600)},
            "time zone",
            "Server and this machine disagree about the offset of Europe/Berlin.",
        ),
        (
            {"details": replace(DETAILS, is_standby=True, is_read_only=True)},
            "writing",
            "The server is a standby: nothing can be stored there.",
        ),
        (
            {"server": ServerInfo(17, "2.19.3", "apache", offered=True)},
            "version",
            "PostgreSQL 17.2, TimescaleDB Apache edition 2.19.3: the schema was made for the Community"
            " edition; its jobs do not run.",
        ),
        (
            {"server": ServerInfo(17, "", "", offered=False)},
            "version",
            "PostgreSQL 17.2: the extension timescaledb is gone, which the schema needs.",
        ),
    ],
)
def test_each_fault_is_one_sentence(changes: dict[str, object], name: str, text: str) -> None:
    (fault,) = list_faults(replace(FACTS, **changes))  # type: ignore[arg-type]  # names of fields, from above
    assert (fault.name, fault.text) == (name, text)
    assert fault.remedy


def test_a_full_disk_of_the_server_is_an_error() -> None:
    (fault,) = list_faults(FACTS, DiskSpace(free_bytes=10**6, total_bytes=10**10))
    assert (fault.name, fault.level) == ("disk", "error")


def test_an_old_job_error_is_no_fault() -> None:
    healed = replace(JOB, last_error="disk full")
    assert list_faults(replace(FACTS, jobs=(healed,))) == []
