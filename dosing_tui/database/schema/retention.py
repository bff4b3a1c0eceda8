"""How long rows are kept: the plant decides, ``data_retention`` stores it, policies or collector apply it.

Nothing is dropped unasked. Adopted tables keep their rows until somebody decides; a shorter retention in the
settings that would drop rows takes effect only with ``HistoryChoice.APPLY``. What a decision keeps for ever
changes only when its table is named.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from psycopg.sql import SQL, Identifier

from dosing_tui.config.settings import RetentionSettings, Settings
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.legacy_import.legacy_schema import HOURLY_AGGREGATE
from dosing_tui.database.schema import hourly_view
from dosing_tui.database.schema.stored_rules.retention_states import SUMS, RetentionState, list_states
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.messages.models import READING_TABLES
from dosing_tui.domain.quantities.quantity_text import count_noun, format_count

DECIDED_TABLES = (*READING_TABLES, SUMS)
COMPRESSION = "compression"
_COMPRESSION_POLICY = "policy_compression"
LONGEST_DELAY = timedelta(days=8)
"""From a row's end of retention until it is dropped: its week ends up to 7 days later, a day is patience."""


class HistoryChoice(StrEnum):
    """What happens to rows that are older than the settings' retention."""

    ASK_LATER = "later"
    KEEP = "keep"
    APPLY = "drop"


class RetentionQuestion(Struct, frozen=True):
    """Rows that the settings' retention would drop at once, and that are kept until somebody decides."""

    table_name: str
    keep_days: int
    old_rows: int
    rows: int
    oldest: str
    """Day of the oldest row, YYYY-MM-DD."""

    @property
    def text(self) -> str:
        what = _describe_table(self.table_name)
        if not self.old_rows:
            return (
                f"No row of {what} is older than {self.keep_days} days."
                " None will be dropped until --apply-retention."
            )
        return (
            f"{format_count(self.old_rows)} of {count_noun(self.rows, 'row')} of {what} are older than"
            f" {self.keep_days} days (oldest {self.oldest})."
            " They stay until --apply-retention drops them, or for good with --keep-history."
        )


def is_overdue(oldest: datetime | None, keep_days: int | None, now: datetime) -> bool:
    """Whether a table's oldest row should have been dropped."""
    if keep_days is None or oldest is None:
        return False
    return oldest < now - timedelta(days=keep_days) - LONGEST_DELAY


def list_questions(
    session: Session,
    settings: Settings,
    *,
    adopted_tables: tuple[str, ...] = (),
    named_tables: tuple[str, ...] = (),
) -> tuple[RetentionQuestion, ...]:
    """What the settings' retention would drop, where the decision is open.

    ``adopted_tables``: of the guide, to be imported. ``named_tables``: only these, also if they are kept for
    ever; all others without one.
    """
    states, found = list_states(session), []
    if adopted_tables:
        states |= {name: RetentionState(name, None, False) for name in (*adopted_tables, SUMS)}
    for name in named_tables or DECIDED_TABLES:
        days, state = _get_wanted_days(settings.retention, name), states.get(name)
        if days is None or state is None or not _is_in_question(state, days, is_named=name in named_tables):
            continue
        question = _count_old_rows(session, name, days, adopted_tables)
        if question.old_rows or not state.is_decided or state.is_for_ever:
            found.append(question)
    return tuple(found)


def describe_kept(session: Session, settings: Settings) -> tuple[str, ...]:
    """One sentence for each table that is kept for ever by a decision, against the settings."""
    states = list_states(session)
    return tuple(
        f"{_describe_table(name)} stay for ever, by a decision, not {days} days as set:"
        f" --apply-retention --table {name} changes that."
        for name in DECIDED_TABLES
        if (state := states.get(name)) is not None
        and state.is_for_ever
        and (days := _get_wanted_days(settings.retention, name)) is not None
    )


def list_changes(session: Session, settings: Settings) -> dict[str, int | None]:
    """Table -> days of each changed setting that drops nothing at once: longer, or no row is old enough."""
    states = list_states(session)
    return {
        name: days
        for name, state in states.items()
        if (days := _get_wanted_days(settings.retention, name)) != state.keep_days
        and state.keep_days is not None
        and (days is None or days > state.keep_days or not _count_old_rows(session, name, days).old_rows)
    }


def has_old_rows(session: Session, name: str, relation: str) -> bool:
    """True if ``relation`` has rows that the retention of the table ``name`` would drop."""
    state = list_states(session).get(name)
    if state is None or state.keep_days is None:
        return False
    return _count_rows_before(session, name, relation, "time", state.keep_days).old_rows > 0


def forget_decision(session: Session, tables: tuple[str, ...]) -> None:
    """Nothing of these adopted tables is dropped until somebody decides."""
    session.execute(read_statement("maintenance/update_retention_undecided"), {"tables": list(tables)})


def list_decisions(
    session: Session,
    choice: HistoryChoice,
    questions: tuple[RetentionQuestion, ...],
    named_tables: tuple[str, ...],
) -> dict[str, int | None]:
    """Table -> days of the answer to ``questions``. To keep history is also an answer for a table by name."""
    if choice is HistoryChoice.ASK_LATER:
        return {}
    if choice is HistoryChoice.APPLY:
        return {question.table_name: question.keep_days for question in questions}
    states = list_states(session)
    names = named_tables or tuple(question.table_name for question in questions)
    return {name: None for name in names if name not in states or not states[name].is_for_ever}


def settle_retention(session: Session, settings: Settings, decisions: Mapping[str, int | None]) -> None:
    """Enter the changes that drop nothing, and the decisions: no other table loses a row."""
    changes = list_changes(session, settings) | dict(decisions)
    if "dosing_consumption" in changes:  # a policy may drop doses at once
        session.execute(read_statement("maintenance/update_use_rests"))
    for name, days in changes.items():
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
            _COMPRESSION_POLICY,
            "compress_after",
            settings.retention.compress_after_days or None,
        )


def list_compression_changes(session: Session, settings: Settings) -> tuple[str, ...]:
    """The step that changes when readings are compressed; none if the policies are as the settings say."""
    wanted = settings.retention.compress_after_days or None
    found = {_read_policy(session, name, _COMPRESSION_POLICY, "compress_after") for name in READING_TABLES}
    return () if found == {wanted} else (COMPRESSION,)


def _get_wanted_days(retention: RetentionSettings, name: str) -> int | None:
    return (retention.sums_days if name == SUMS else retention.readings_days) or None


def _is_in_question(state: RetentionState, days: int, *, is_named: bool) -> bool:
    """Whether the settings' ``days`` may drop rows that the database keeps now."""
    if state.is_for_ever:
        return is_named
    return state.keep_days is None or days < state.keep_days


def _describe_table(name: str) -> str:
    return "the sums (rollups, hourly history, rejected messages)" if name == SUMS else name


def _enter_decision(session: Session, name: str, days: int | None) -> None:
    session.execute(read_statement("maintenance/update_retention"), {"table": name, "keep_days": days})


_OLD_ROWS_QUERY = """
SELECT count(*) FILTER (WHERE {time}::timestamptz < now() - make_interval(days => %s)), count(*),
       coalesce(to_char(min({time}) FILTER (WHERE {time}::timestamptz >= '2020-01-01'), 'YYYY-MM-DD'), '')
  FROM {table}
"""


def _count_old_rows(
    session: Session, name: str, days: int, adopted_tables: tuple[str, ...] = ()
) -> RetentionQuestion:
    """The rows of a table, or of all the sums; of the guide's sums while they are still to be adopted."""
    if name != SUMS:
        return _count_rows_before(session, name, name, "time", days)
    if HOURLY_AGGREGATE in adopted_tables:
        return _count_rows_before(session, name, HOURLY_AGGREGATE, "bucket", days)
    if adopted_tables:
        return RetentionQuestion(name, days, 0, 0, "")
    parameters = {"days": days}
    statement = read_statement("maintenance/count_old_sums")
    return RetentionQuestion(name, days, *fetch_row(session.execute(statement, parameters)))


def _count_rows_before(
    session: Session, name: str, relation: str, time_column: str, days: int
) -> RetentionQuestion:
    query = SQL(_OLD_ROWS_QUERY).format(time=Identifier(time_column), table=Identifier(relation))
    return RetentionQuestion(name, days, *fetch_row(session.execute(query, (days,))))


def _read_policy(session: Session, relation: str, policy: str, key: str) -> int | None:
    """The days in a policy's configuration; None without it."""
    parameters = {"relation": relation, "policy": policy, "key": key}
    found = session.execute(read_statement("maintenance/select_policy"), parameters).fetchone()
    return found[0] if found else None


def _replace_policy(session: Session, relation: str, policy: str, key: str, days: int | None) -> None:
    current = _read_policy(session, relation, policy, key)
    if current == days:
        return
    is_retention = policy == "policy_retention"
    if current is not None:
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
