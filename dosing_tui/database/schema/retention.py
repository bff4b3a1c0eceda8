"""How long rows are kept: the plant decides, ``data_retention`` stores it, policies or collector apply it.

Nothing is dropped unasked. Adopted tables keep their rows until somebody decides; a shorter retention in the
settings takes effect only with ``HistoryChoice.APPLY``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from psycopg.sql import SQL, Identifier

from dosing_tui.config.settings import RetentionSettings, Settings
from dosing_tui.database.connection import Session, fetch_row, select_rows
from dosing_tui.database.legacy_import.legacy_schema import HOURLY_AGGREGATE
from dosing_tui.database.schema import hourly_view
from dosing_tui.database.sql_files import read_statement

READING_TABLES = ("dosing_consumption", "batch_events", "inventory_levels")
SUMS = "sums"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Before every reading: the tables refuse times before 2020."""


class HistoryChoice(StrEnum):
    """What happens to rows that are older than the settings' retention."""

    ASK_LATER = "later"
    KEEP = "keep"
    APPLY = "drop"


@dataclass(frozen=True, slots=True)
class RetentionState:
    """A row of data_retention. ``keep_days`` is None while nothing is dropped."""

    table_name: str
    keep_days: int | None
    is_decided: bool


@dataclass(frozen=True, slots=True)
class RetentionQuestion:
    """Rows that the settings' retention would drop at once, and that are kept until somebody decides."""

    table_name: str
    keep_days: int
    old_rows: int
    rows: int
    oldest: str
    """Day of the oldest row, YYYY-MM-DD."""

    @property
    def text(self) -> str:
        what = "the rollups" if self.table_name == SUMS else self.table_name
        if not self.old_rows:
            return (
                f"No row of {what} is older than {self.keep_days} days."
                " None will be dropped until --apply-retention."
            )
        return (
            f"{self.old_rows:,} of {self.rows:,} rows of {what} are older than {self.keep_days} days (oldest"
            f" {self.oldest}). They stay until --apply-retention drops them, or for good with --keep-history."
        )


def list_states(session: Session) -> dict[str, RetentionState]:
    """The decisions by table; empty before the schema has them."""
    if fetch_row(session.execute("SELECT to_regclass('public.data_retention') IS NULL")) == (True,):
        return {}
    found = select_rows(session, RetentionState, "maintenance/select_retention")
    return {state.table_name: state for state in found}


def find_kept_since(session: Session, now: datetime) -> datetime:
    """The time since which no reading is dropped; long ago while none is dropped at all."""
    days = [state.keep_days for name, state in list_states(session).items() if name != SUMS]
    return max((now - timedelta(days=each) for each in days if each is not None), default=LONG_AGO)


def list_questions(
    session: Session, settings: Settings, adopted_tables: tuple[str, ...] = ()
) -> tuple[RetentionQuestion, ...]:
    """What the settings' retention would drop, where nobody has decided.

    ``adopted_tables``: of the guide, to be imported.
    """
    states, found = list_states(session), []
    for name in (*READING_TABLES, SUMS):
        days = _get_wanted_days(settings.retention, name)
        relation = "dosing_rollup_6h" if name == SUMS else name
        state = RetentionState(name, None, False) if name in adopted_tables else states.get(name)
        if days is None or state is None or not _is_shorter(state, days):
            continue
        question = _count_old_rows(session, name, relation, days)
        if question.old_rows or not state.is_decided:
            found.append(question)
    return tuple(found)


def list_longer(session: Session, settings: Settings) -> tuple[str, ...]:
    """Tables that the settings keep longer than the database does: a change that drops nothing."""
    return tuple(
        name
        for name, state in list_states(session).items()
        if state.keep_days is not None and _is_longer(state, _get_wanted_days(settings.retention, name))
    )


def has_old_rows(session: Session, name: str, relation: str) -> bool:
    """True if ``relation`` has rows that the retention of the table ``name`` would drop."""
    state = list_states(session).get(name)
    if state is None or state.keep_days is None:
        return False
    return _count_old_rows(session, name, relation, state.keep_days).old_rows > 0


def forget_decision(session: Session, tables: tuple[str, ...]) -> None:
    """Nothing of these adopted tables is dropped until somebody decides."""
    session.execute(read_statement("maintenance/update_retention_undecided"), {"tables": list(tables)})


def settle_retention(session: Session, settings: Settings, choice: HistoryChoice, *, is_new: bool) -> None:
    """Enter what was decided. ``is_new``: the database has just been created, and holds nothing to drop."""
    for name, state in list_states(session).items():
        days = _get_wanted_days(settings.retention, name)
        if choice is HistoryChoice.APPLY or (is_new and state.is_decided):
            _enter_decision(session, name, days)
        elif choice is HistoryChoice.KEEP and not state.is_decided:
            _enter_decision(session, name, None)
        elif choice is HistoryChoice.KEEP and days is not None and _is_shorter(state, days):
            continue
        elif state.keep_days is not None and _is_longer(state, days):
            _enter_decision(session, name, days)


def apply_policies(session: Session, settings: Settings) -> None:
    """Make the policies of TimescaleDB Community what was decided."""
    states = list_states(session)
    for name, state in states.items():
        relation = HOURLY_AGGREGATE if name == SUMS else name
        _replace_policy(session, relation, "policy_retention", "drop_after", state.keep_days)
    hourly_view.set_window(session, states["dosing_consumption"].keep_days)
    for name in READING_TABLES:
        _replace_policy(
            session,
            name,
            "policy_compression",
            "compress_after",
            settings.retention.compress_after_days or None,
        )


def _get_wanted_days(retention: RetentionSettings, name: str) -> int | None:
    return (retention.sums_days if name == SUMS else retention.readings_days) or None


def _is_shorter(state: RetentionState, days: int) -> bool:
    """A decision to keep everything is not asked about again."""
    return not state.is_decided or (state.keep_days is not None and days < state.keep_days)


def _is_longer(state: RetentionState, days: int | None) -> bool:
    return state.keep_days is not None and (days is None or days > state.keep_days)


def _enter_decision(session: Session, name: str, days: int | None) -> None:
    session.execute(read_statement("maintenance/update_retention"), {"table": name, "keep_days": days})


_OLD_ROWS_QUERY = """
SELECT count(*) FILTER (WHERE {time}::timestamptz < now() - make_interval(days => %s)), count(*),
       coalesce(to_char(min({time}) FILTER (WHERE {time}::timestamptz >= '2020-01-01'), 'YYYY-MM-DD'), '')
  FROM {table}
"""


def _count_old_rows(session: Session, name: str, relation: str, days: int) -> RetentionQuestion:
    time = Identifier("bucket" if name == SUMS else "time")
    query = SQL(_OLD_ROWS_QUERY).format(time=time, table=Identifier(relation))
    old_rows, rows, oldest = fetch_row(session.execute(query, (days,)))
    return RetentionQuestion(name, days, old_rows, rows, oldest)


def _replace_policy(session: Session, relation: str, policy: str, key: str, days: int | None) -> None:
    found = session.execute(
        read_statement("maintenance/select_policy"), {"relation": relation, "policy": policy, "key": key}
    ).fetchone()
    if (found[0] if found else None) == days:
        return
    is_retention = policy == "policy_retention"
    if found is not None:
        remove = "remove_retention_policy" if is_retention else "remove_columnstore_policy"
        _call(session, "SELECT" if is_retention else "CALL", remove, relation, "")
    if days is not None:
        add = "add_retention_policy" if is_retention else "add_columnstore_policy"
        argument = f"INTERVAL '{days:d} days'" if is_retention else f"after => INTERVAL '{days:d} days'"
        _call(session, "SELECT" if is_retention else "CALL", add, relation, argument)


def _call(session: Session, verb: str, function: str, relation: str, argument: str) -> None:
    """All but the relation, which is an identifier of ours, are constants of this module."""
    arguments = f"'{relation}'" + (f", {argument}" if argument else "")
    session.execute(f"{verb} {function}({arguments})".encode())
