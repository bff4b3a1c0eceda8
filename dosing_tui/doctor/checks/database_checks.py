"""Checks of the database: session, server, schema, rights, clock, replication, disk. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import Settings
from dosing_tui.database.diagnosis.facts import DatabaseFacts, ServerDetails
from dosing_tui.database.schema.migrate import is_settings_step
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.doctor.checks.disk_space import DiskSpace
from dosing_tui.domain.quantities.quantity_text import count_noun, format_bytes, format_duration
from dosing_tui.errors import DatabaseError

MIN_FREE_CONNECTIONS = 12
"""A collector holds up to ten sessions."""
MAX_LAG_S = 60.0
MAX_KEPT_BYTES = 1024**3
_REPORT = ThemeReporter(CheckTheme.DATABASE)
_HALF_YEAR = timedelta(days=182)
_REMEDIES = (
    (r"is not a libpq connection string", "Correct database.dsn."),
    (r"service of database.dsn", "Correct service in database.dsn, or add it to ~/.pg_service.conf."),
    (r"pooler", "Set pool_mode = session at the pooler, or connect to the server itself."),
    (r"refuses the password|none is set", "Set the role's password in database.password_file (mode 0600)."),
    (r"pg_hba", "Allow this machine, user and database in pg_hba.conf."),
    (r"There is no database user", "Create the role, or correct user in database.dsn."),
    (r"There is no database ", "Create the database, or correct dbname in database.dsn."),
    (r"time zone", "Correct plant.timezone, or update the server's time zone data."),
    (r"encrypted|certificate", "Correct sslmode and sslrootcert in database.dsn, or the certificate."),
    (r"host name", "Correct host in database.dsn, or the name server's entry."),
    (r"no free connection", "Raise max_connections, or end unused sessions."),
    (r"listens at|does not answer|cannot be reached", "Start the server, or correct host and port."),
)
"""Begin of what the program says of a session that cannot be opened; the first match applies."""


def explain_refused_session(error: DatabaseError) -> Iterator[CheckResult]:
    text = str(error)
    remedy = next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, text)), "")
    yield _REPORT.fail_check("session", text, remedy or "Read the server's log: it names the reason.")
    yield _REPORT.skip_check("server", "Schema, rights, jobs and collector need a session.")


def check_server(
    settings: Settings, facts: DatabaseFacts, *, disk: DiskSpace | None, now: datetime
) -> Iterator[CheckResult]:
    """``disk``: of the server's data folder; None if it is on another machine."""
    details = facts.details
    way = " through a pooler in session mode" if facts.has_pooler else ""
    yield _REPORT.pass_check("session", f"Connected as {details.user_name}{way}.")
    yield from _check_flavour(facts)
    yield _check_writable(details)
    yield _check_connections(details)
    yield _check_clock(settings, facts)
    yield _check_zone(settings, details, now)
    yield from _check_replication(facts)
    yield _check_disk(details, disk)
    for text in facts.unreadable:
        yield _REPORT.skip_check("reading", f"This role may not read {text}.")


def check_schema(
    settings: Settings, facts: DatabaseFacts, pending: list[str], fault: str
) -> Iterator[CheckResult]:
    """``pending``: names of missing steps; ``fault``: why they cannot be listed."""
    migrating = _say_who_migrates(settings, facts)
    if fault:
        is_newer = "newer than this program" in fault
        remedy = "Update dosing-tui on this machine." if is_newer else f"Correct it, then: {migrating}"
        yield _REPORT.fail_check("schema", fault, remedy)
        return
    limits = [name for name in pending if is_settings_step(name)]
    steps = [name for name in pending if name not in limits]
    if facts.schema_flavour is None:
        yield _REPORT.fail_check("schema", "The database has no schema yet.", f"Run: {migrating}")
    elif steps:
        shown = ", ".join(steps[:3]) + (f" and {len(steps) - 3} more" if len(steps) > 3 else "")
        yield _REPORT.fail_check(
            "schema", f"The schema is not up to date: {shown} missing.", f"Run: {migrating}"
        )
    else:
        yield _REPORT.pass_check("schema", "The schema is up to date.")
    if limits and facts.schema_flavour is not None:
        yield _REPORT.warn_of(
            "limits",
            f"The database has other values than the settings, and they count: {', '.join(limits)}.",
            f"Run: {migrating}",
        )


def _say_who_migrates(settings: Settings, facts: DatabaseFacts) -> str:
    command = "dosing-tui migrate"
    if facts.foreign_owner:
        return f"{command}, as {facts.foreign_owner}: that role owns the tables."
    if facts.schema_flavour is None and not settings.database.migrate:
        return f"{command}, as the role that is to own the tables."
    return command


def check_rights(facts: DatabaseFacts) -> Iterator[CheckResult]:
    if facts.missing_rights:
        lacking = [f"{right.privilege} on {right.name}" for right in facts.missing_rights]
        more = f" and {len(lacking) - 4} more rights" if len(lacking) > 4 else ""
        yield _REPORT.fail_check(
            "rights",
            f"User {facts.details.user_name} lacks {', '.join(lacking[:4])}{more}.",
            "Run deploy/postgres/rights.sql as the owner, or GRANT them.",
        )
    elif facts.schema_flavour is not None:
        yield _REPORT.pass_check("rights", f"User {facts.details.user_name} has every right it needs.")
    if facts.open_rights:
        yield _REPORT.warn_of(
            "open rights",
            f"Every role may {', '.join(facts.open_rights)} in this database.",
            "Migrate, or run deploy/postgres/database.sql, as a superuser.",
        )
    elif facts.schema_flavour is not None:
        yield _REPORT.pass_check("open rights", "No role has by default a right that can harm the server.")
    if facts.signature_owner not in ("", "dosing_auditor"):
        yield _REPORT.warn_of(
            "signatures",
            f"Reviews are signed with the rights of {facts.signature_owner}: that role logs in.",
            "CREATE ROLE dosing_auditor NOLOGIN, GRANT it to the tables' owner, then migrate.",
        )


def check_journal(faults: list[str]) -> Iterator[CheckResult]:
    """``faults``: sentences of the check that ``alarms list`` runs, too."""
    for fault in faults:
        yield _REPORT.fail_check(
            "journal",
            f"Alarm journal unavailable: {fault}",
            "Correct it; alarms wait on the collector's disk.",
        )
    if not faults:
        yield _REPORT.pass_check("journal", "The alarm journal takes entries.")


def check_logins(facts: DatabaseFacts) -> Iterator[CheckResult]:
    """Wrong PINs are counted for each login and person."""
    for shared in facts.shared_logins:
        yield _REPORT.warn_of(
            "logins",
            f"{shared.reviewers} reviewers sign as {shared.login}: one can lock out the others.",
            "A login for each: CREATE ROLE anna LOGIN IN ROLE dosing_operator (deploy/README.md).",
        )


def check_journal_times(facts: DatabaseFacts) -> Iterator[CheckResult]:
    if facts.unreadable_entries:
        count = count_noun(facts.unreadable_entries, "entry", "entries")
        yield _REPORT.warn_of(
            "journal times",
            f"The alarm journal has {count} with an impossible time: left out everywhere.",
            "Find who wrote it (db_role, recorded_at in alarm_journal); new ones are refused.",
        )


def _check_flavour(facts: DatabaseFacts) -> Iterator[CheckResult]:
    server, schema = facts.server, facts.schema_flavour
    extension = f", {server.flavour.label} {server.extension}" if server.extension else ""
    version = f"PostgreSQL {facts.details.version.partition(' ')[0]}{extension}"
    if schema in (ServerFlavour.COMMUNITY, ServerFlavour.APACHE) and not server.extension:
        yield _REPORT.fail_check(
            "version",
            f"{version}: the extension timescaledb is gone, which the schema needs.",
            "Install TimescaleDB on the server and restore the database with it.",
        )
    elif schema is ServerFlavour.COMMUNITY and server.flavour is ServerFlavour.APACHE:
        yield _REPORT.warn_of(
            "version",
            f"{version}: the schema was made for the Community edition; its jobs do not run.",
            "Set timescaledb.license = 'timescale' in postgresql.conf and restart the server.",
        )
    elif facts.details.newer_extension:
        yield _REPORT.warn_of(
            "version",
            f"{version}: the server has TimescaleDB {facts.details.newer_extension} installed.",
            "Run as a superuser, first in a new session: ALTER EXTENSION timescaledb UPDATE",
        )
    else:
        yield _REPORT.pass_check("version", f"{version}.")


def _check_writable(details: ServerDetails) -> CheckResult:
    if details.is_standby:
        return _REPORT.fail_check(
            "writing",
            "The server is a standby: nothing can be stored there.",
            "Name the primary in database.dsn (target_session_attrs=read-write with several hosts).",
        )
    if details.is_read_only:
        return _REPORT.fail_check(
            "writing",
            "The database is read-only for this role: nothing can be stored.",
            "Reset default_transaction_read_only of database and role, or use another role.",
        )
    return _REPORT.pass_check("writing", "The database takes writes.")


def _check_connections(details: ServerDetails) -> CheckResult:
    free = details.connections_max - details.connections_used
    text = f"{details.connections_used} of {details.connections_max} connections are used."
    if free < MIN_FREE_CONNECTIONS:
        return _REPORT.warn_of(
            "connections", text, "Raise max_connections: a collector holds up to 10, a console up to 8."
        )
    return _REPORT.pass_check("connections", text)


def _check_clock(settings: Settings, facts: DatabaseFacts) -> CheckResult:
    """By the limits of the alarm for stations' clocks."""
    offset = facts.clock_offset_s
    side = "behind" if offset > 0 else "ahead of"
    text = f"This machine's clock is {format_duration(round(abs(offset)))} {side} the database server's."
    remedy = "Let both take their time from one server (timedatectl set-ntp true)."
    if abs(offset) > settings.alarms.skew_alarm_s:
        return _REPORT.fail_check("clock", text, remedy)
    if abs(offset) > settings.alarms.skew_warn_s:
        return _REPORT.warn_of("clock", text, remedy)
    return _REPORT.pass_check("clock", "The clocks of this machine and of the server agree.")


def _check_zone(settings: Settings, details: ServerDetails, now: datetime) -> CheckResult:
    zone = ZoneInfo(settings.plant.timezone)
    offsets = [at.astimezone(zone).utcoffset() for at in (now, now + _HALF_YEAR)]
    ours = [offset.total_seconds() if offset else 0.0 for offset in offsets]
    if ours != [details.zone_offset_s, details.later_zone_offset_s]:
        return _REPORT.warn_of(
            "time zone",
            f"Server and this machine disagree about the offset of {settings.plant.timezone}.",
            "Update the time zone data (tzdata) of the older of both.",
        )
    return _REPORT.pass_check("time zone", f"{settings.plant.timezone}, the same on server and machine.")


def _check_replication(facts: DatabaseFacts) -> Iterator[CheckResult]:
    for replica in facts.replicas:
        if replica.is_active and replica.lag_s > MAX_LAG_S:
            lag = format_duration(round(replica.lag_s))
            yield _REPORT.warn_of(
                "replication",
                f"Standby {replica.name} is {lag} behind.",
                "Check the standby's disk, its network and its log.",
            )
        elif not replica.is_active and replica.kept_bytes > MAX_KEPT_BYTES:
            yield _REPORT.warn_of(
                "replication",
                f"No standby reads slot {replica.name}, which keeps {format_bytes(replica.kept_bytes)}.",
                f"Start its standby, or SELECT pg_drop_replication_slot('{replica.name}').",
            )
    standbys = sum(replica.is_active for replica in facts.replicas)
    if all(replica.lag_s <= MAX_LAG_S and replica.kept_bytes <= MAX_KEPT_BYTES for replica in facts.replicas):
        text = f"{standbys} standby servers keep up." if standbys else "No standby server."
        yield _REPORT.pass_check("replication", text)


def _check_disk(details: ServerDetails, disk: DiskSpace | None) -> CheckResult:
    size = f"The database has {format_bytes(details.database_bytes)}"
    if disk is None:
        return _REPORT.pass_check("disk", f"{size}; the disk of its server cannot be seen from here.")
    text = f"{size}; its disk has {format_bytes(disk.free_bytes)} of {format_bytes(disk.total_bytes)} free."
    if disk.is_nearly_full:
        return _REPORT.fail_check("disk", text, "Make room on the database server's disk.")
    return _REPORT.pass_check("disk", text)
