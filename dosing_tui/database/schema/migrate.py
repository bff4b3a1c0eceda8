"""Migrates the schema: numbered files, each applied once, under one lock."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import psycopg
from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database import server_flavour, table_owner
from dosing_tui.database.connection import NO_TIMEOUTS, Session, describe_target, open_connection
from dosing_tui.database.error_mapping import DatabaseTarget, translate_error, translate_errors
from dosing_tui.database.legacy_import import adoption, finalize, progress, table_swap
from dosing_tui.database.legacy_import.adoption import AdoptionPlan
from dosing_tui.database.schema import (
    hourly_view,
    migration_history,
    open_rights,
    plant_limits,
    process_locks,
    retention,
    tolerance_rules,
)
from dosing_tui.database.schema.migration_history import FIRST_AFTER_IMPORT, Migration
from dosing_tui.database.schema.migration_lock import hold_migration_lock
from dosing_tui.database.schema.retention import HistoryChoice, RetentionQuestion
from dosing_tui.database.schema.stored_rules.retention_states import SUMS, list_states
from dosing_tui.database.server_flavour import ServerFlavour, has_policies
from dosing_tui.database.sessions.deadlock_retry import run_transaction
from dosing_tui.errors import DatabaseAccessError, DatabaseUnavailableError

MigrationReporter = Callable[[str], None]

LOCK_TIMEOUT = "15s"
"""Longest wait for the locks of other sessions: readings wait behind it."""
_SET_LOCK_TIMEOUT = "SELECT set_config('lock_timeout', %s, false) WHERE current_setting('lock_timeout') = '0'"
RETENTION_PREFIX = "retention/"
"""Begin of the name of a step that changes how long rows are kept."""


class MigrationPlan(Struct, frozen=True):
    """The steps that a database lacks."""

    extensions: tuple[str, ...]
    """TimescaleDB, if the server offers it and the database is new."""
    flavour: ServerFlavour
    before_import: tuple[Migration, ...]
    adoption: AdoptionPlan
    """The guide's relations still to be renamed."""
    import_tables: tuple[str, ...]
    """Tables to be copied, or partly copied."""
    after_import: tuple[Migration, ...]
    limit_changes: tuple[str, ...]
    """Limits in the database that differ from the settings."""
    retention_changes: tuple[str, ...] = ()
    questions: tuple[RetentionQuestion, ...] = ()
    """What the settings' retention would drop, while the decision is open."""
    decisions: Mapping[str, int | None] = field(default_factory=dict)
    """Table -> days of what is decided now; None: for ever."""
    has_retention: bool = False
    """The database says already how long rows are kept."""

    @property
    def step_names(self) -> list[str]:
        imports = [f"import/{name}" for name in self.import_tables]
        before, after = (m.name for m in self.before_import), (m.name for m in self.after_import)
        return [*self.extensions, *before, *imports, *after, *self.limit_changes, *self.retention_changes]


class MigrationRequest(Struct, frozen=True):
    """The arguments of ``migrate_schema``."""

    keeps_newer_rules: bool = False
    history: HistoryChoice = HistoryChoice.ASK_LATER
    named_tables: tuple[str, ...] = ()


def migrate_schema(
    settings: Settings,
    *,
    report: MigrationReporter,
    keeps_newer_rules: bool = False,
    history: HistoryChoice = HistoryChoice.ASK_LATER,
    named_tables: tuple[str, ...] = (),
) -> list[str]:
    """Apply the missing steps; return their names.

    ``keeps_newer_rules``: tolerance rules and retention that others have replaced since stay replaced. So
    two collectors with different settings do not take turns at every start.
    ``history``: what happens to rows that are older than the settings' retention; ``named_tables``: only of
    these, also if they are kept for ever.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    request = MigrationRequest(keeps_newer_rules, history, named_tables)
    with _open_session(settings, "migrate") as session:
        with hold_migration_lock(session, report), process_locks.name_lock_holder(session):
            session.execute(_SET_LOCK_TIMEOUT, (LOCK_TIMEOUT,))
            work = _plan_migration(session, settings, request)
            if not work.step_names:
                with suppress(DatabaseAccessError):  # not the owner: nothing was to be done
                    open_rights.close_open_rights(session, report)
                return []
            for note in _list_notes(work, history):
                report(note)
            if work.extensions:
                _create_extension(session, report)
                work = replace(_plan_migration(session, settings, request), extensions=work.extensions)
            _apply_plan(session, settings, work, request, report)
        if has_policies(session, work.flavour):  # no collector that starts has to wait for it
            hourly_view.refresh_hours(session, report)
        return work.step_names


def _apply_plan(
    session: Session,
    settings: Settings,
    plan: MigrationPlan,
    request: MigrationRequest,
    report: MigrationReporter,
) -> None:
    target = describe_target(settings)

    def finish_schema() -> None:
        _apply_migrations(session, plan.after_import, plan.flavour, target, report)
        _apply_limits(session, settings, report, keeps_newer_rules=request.keeps_newer_rules)
        # in the same transaction: no policy begins to drop what is to be kept
        _settle_retention(session, settings, plan, request)

    with _drop_extension_on_failure(session, plan, report):
        _create_schema(session, plan, target, report)
    _apply_limits(session, settings, report, keeps_newer_rules=request.keeps_newer_rules)
    finalize.import_rows(session, plan.flavour, report)
    run_transaction(session, finish_schema, "The migration")
    open_rights.close_open_rights(session, report)


def _settle_retention(
    session: Session, settings: Settings, plan: MigrationPlan, request: MigrationRequest
) -> None:
    """A collector's start enters nothing, but in a database that has just got its schema."""
    is_asked = not request.keeps_newer_rules
    if is_asked or not plan.has_retention:
        retention.settle_retention(session, settings, plan.decisions)
    if has_policies(session, plan.flavour) and (is_asked or plan.before_import or plan.after_import):
        retention.apply_policies(session, settings)


def _apply_limits(
    session: Session, settings: Settings, report: MigrationReporter, *, keeps_newer_rules: bool
) -> None:
    """Set the limits that differ from the settings; a new schema has the guide's.

    Before rows are imported, which they judge; afterwards those that only later migrations hold.
    """
    differing = plant_limits.list_differences(session, settings, keeps_newer_rules=keeps_newer_rules)
    if plant_limits.TOLERANCE in differing:
        with session.transaction():
            tolerance_rules.set_tolerance_rules(session, settings)
        report("The tolerances of the settings hold for doses from now on.")
    if plant_limits.STOCK_LOW in differing:
        low = settings.limits.stock_low_percent
        report(f"Low stock in batch assessments is now below {low:g} %.")
        plant_limits.set_stock_low(session, low)
    if plant_limits.REORDER in differing:
        lead_days, z = settings.limits.reorder_lead_days, settings.limits.reorder_z
        report(f"Reorder points are made for {lead_days:g} production days, z = {z:g}.")
        plant_limits.set_reorder(session, lead_days=lead_days, z=z)
    if plant_limits.ALARMS in differing:
        report("The alarm limits of the settings count from now on.")
        plant_limits.set_alarm_limits(session, settings)


def _create_extension(session: Session, report: MigrationReporter) -> None:
    """Create TimescaleDB. First check that the tables can be created."""
    table_owner.become_owner(session)
    table_owner.check_create_right(session, schema="")
    session.execute("RESET ROLE")  # the owner of the tables may lack the right to create extensions
    session.execute("CREATE EXTENSION timescaledb")
    report("Created the extension timescaledb.")


@contextmanager
def _drop_extension_on_failure(
    session: Session, plan: MigrationPlan, report: MigrationReporter
) -> Iterator[None]:
    """A database whose schema could not be created is left as it was found."""
    try:
        yield
    except Exception:
        if plan.extensions and not session.closed and not migration_history.has_history_table(session):
            session.execute("RESET ROLE")
            session.execute("DROP EXTENSION timescaledb")
            report("Dropped the extension timescaledb again.")
        raise


class SchemaCheck(Struct, frozen=True):
    """What ``migrate_schema`` would do, and what the plant has to know about it."""

    pending_steps: list[str]
    notes: tuple[str, ...]
    questions: tuple[str, ...]
    """Rows that are older than the settings' retention, and kept until somebody decides."""


def check_schema(settings: Settings, named_tables: tuple[str, ...] = ()) -> SchemaCheck:
    """Decide as ``migrate_schema`` does, and change nothing.

    Raises: DatabaseUnavailableError; DatabaseAccessError, also where ``migrate_schema`` would refuse.
    """
    with _open_session(settings, "check") as session:
        plan = _plan_migration(session, settings, MigrationRequest(named_tables=named_tables))
        notes = () if named_tables else retention.describe_kept(session, settings)
        return SchemaCheck(
            plan.step_names,
            (*plan.adoption.notes, *notes),
            tuple(question.text for question in plan.questions),
        )


def _list_notes(plan: MigrationPlan, history: HistoryChoice) -> tuple[str, ...]:
    questions = plan.questions if history is HistoryChoice.ASK_LATER else ()
    return (*plan.adoption.notes, *(question.text for question in questions))


def is_settings_step(name: str) -> bool:
    """Whether a step only enters changed settings: the program works without it."""
    return name in plant_limits.LIMIT_NAMES or name.startswith(RETENTION_PREFIX)


def list_pending_steps(settings: Settings) -> list[str]:
    """Names of what ``migrate_schema`` would apply, in order; nothing if the schema is up to date.

    Raises: as ``check_schema``.
    """
    return check_schema(settings).pending_steps


def _plan_migration(
    session: Session,
    settings: Settings,
    request: MigrationRequest,
) -> MigrationPlan:
    """Raises: DatabaseAccessError, if the database does not fit this version of the program."""
    server = server_flavour.detect_server(session)
    server_flavour.check_versions(server)
    applied = migration_history.list_applied(session)
    # the license, which decides the flavour, is known once the extension exists
    extension = ("extension/timescaledb",) if server.offered and not server.extension and not applied else ()
    # a database keeps its flavour, also after a change of the server
    flavour = ServerFlavour(applied[0].flavour) if applied else server.flavour
    missing = migration_history.list_pending(
        migration_history.list_common_migrations()
        if extension
        else migration_history.list_migrations(flavour),
        applied,
    )
    adopted = AdoptionPlan() if applied else _plan_adoption(session, has_timescale=bool(server.extension))
    questions = retention.list_questions(
        session, settings, adopted_tables=adopted.copy_names, named_tables=request.named_tables
    )
    decisions = retention.list_decisions(session, request.history, questions, request.named_tables)
    changed = _list_retention_changes(session, settings, request, None if missing else flavour)
    return MigrationPlan(
        extension,
        flavour,
        before_import=tuple(m for m in missing if m.number < FIRST_AFTER_IMPORT),
        adoption=adopted,
        import_tables=adopted.copy_names or tuple(progress.list_unfinished(session)),
        after_import=tuple(m for m in missing if m.number >= FIRST_AFTER_IMPORT),
        limit_changes=plant_limits.list_differences(
            session, settings, keeps_newer_rules=request.keeps_newer_rules
        ),
        retention_changes=tuple(f"{RETENTION_PREFIX}{name}" for name in {**changed, **decisions}),
        questions=questions,
        decisions=decisions,
        has_retention=bool(list_states(session)),
    )


def _list_retention_changes(
    session: Session, settings: Settings, request: MigrationRequest, flavour: ServerFlavour | None
) -> dict[str, int | None]:
    """What changed settings change and drop nothing. ``flavour``: None while its policies are missing."""
    if request.keeps_newer_rules:
        return {}
    changed = retention.list_changes(session, settings)
    if flavour is not None and has_policies(session, flavour):
        days = settings.retention.compress_after_days
        changed |= dict.fromkeys(retention.list_compression_changes(session, settings), days)
    return changed


def _plan_adoption(session: Session, *, has_timescale: bool) -> AdoptionPlan:
    """The decision, as the tables' owner: it reads rows."""
    with suppress(DatabaseAccessError):  # a user who may only look: what it may not see is an error below
        table_owner.become_owner(session)
    try:
        return adoption.plan_adoption(session, has_timescale=has_timescale)
    finally:
        if not session.closed:
            session.execute("RESET ROLE")


@contextmanager
def _open_session(settings: Settings, application: str) -> Iterator[Session]:
    with (
        open_connection(settings, application=application, autocommit=True, timeouts=NO_TIMEOUTS) as session,
        translate_errors(describe_target(settings)),
    ):
        session.execute("SET search_path = public")
        yield session


def _create_schema(
    session: Session, plan: MigrationPlan, target: DatabaseTarget, report: MigrationReporter
) -> None:
    """As the tables' owner, in one transaction: the database has the whole schema or nothing of it."""
    table_owner.become_owner(session)
    table_owner.check_create_right(session, schema="compat" if plan.flavour is ServerFlavour.PLAIN else "")
    run_transaction(session, lambda: _begin_schema(session, plan, target, report), "The migration")


def _begin_schema(
    session: Session, plan: MigrationPlan, target: DatabaseTarget, report: MigrationReporter
) -> None:
    layouts, aside = plan.adoption.layouts, None
    if layouts:
        names = [layout.table.name for layout in layouts]
        has_timescale = plan.flavour is not ServerFlavour.PLAIN
        aside = table_swap.rename_legacy_tables(session, names, has_timescale=has_timescale)
    if not migration_history.has_history_table(session):
        migration_history.create_history_table(session)
    _apply_migrations(session, plan.before_import, plan.flavour, target, report)
    if aside:
        table_swap.register_imports(session, aside)
        retention.forget_decision(session, (*aside.table_names, SUMS))


def _apply_migrations(
    session: Session,
    pending: tuple[Migration, ...],
    flavour: ServerFlavour,
    target: DatabaseTarget,
    report: MigrationReporter,
) -> None:
    for migration in pending:
        try:
            session.execute(migration.text)
        except psycopg.Error as error:
            raise _translate_failure(migration, error, target) from error
        migration_history.record_migration(session, migration, flavour)
        report(f"Applied {migration.name}.")


def _translate_failure(
    migration: Migration, error: psycopg.Error, target: DatabaseTarget
) -> DatabaseUnavailableError | DatabaseAccessError:
    ours = translate_error(error, target)
    if isinstance(ours, DatabaseUnavailableError) or (
        isinstance(ours, DatabaseAccessError) and error.sqlstate == "42501"
    ):
        return ours
    reason = error.diag.message_primary or str(error)
    return DatabaseAccessError(f"The migration {migration.name} does not run on this server: {reason}.")
