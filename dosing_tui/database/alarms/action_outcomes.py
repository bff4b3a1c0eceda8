"""Outcome of operators' actions: the journal takes an entry, the alarm's state decides what it changes."""

from collections.abc import Sequence
from uuid import UUID

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.journal import APPLICATION_NAME, select_checkpoint
from dosing_tui.database.alarms.journal_rows import build_entry
from dosing_tui.database.connection import select_rows, use_session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.alarms.models import AlarmState
from dosing_tui.domain.alarms.operator_commands import check_command
from dosing_tui.domain.alarms.state_machine import apply_event
from dosing_tui.errors import AlarmCommandError


def find_action_outcomes(settings: Settings, uuids: Sequence[UUID]) -> dict[UUID, str]:
    """For each of these entries that is in the journal: '', or why it has changed nothing.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    wanted = {"site": settings.plant.site, "uuid": list(uuids)}
    with use_session(settings, application=APPLICATION_NAME) as session:
        first = session.execute(read_statement("reads/select_first_entry"), wanted).fetchone()
        if first is None or first[0] is None:
            return {}
        checkpoint = select_checkpoint(session, settings, max_id=first[0] - 1)
        entries = select_rows(
            session, build_entry, "reads/select_entries_of_actions",
            {**wanted, "after": checkpoint.last_entry_id},
        )  # fmt: skip
    states = {state.key: state for state in checkpoint.states}
    asked, outcomes = frozenset(uuids), dict[UUID, str]()
    for entry in entries:
        state = states.get(entry.key) or AlarmState(entry.key)
        if entry.uuid in asked:
            try:
                check_command(state, entry)
                outcomes[entry.uuid] = ""
            except AlarmCommandError as refusal:
                outcomes[entry.uuid] = str(refusal)
        states[entry.key] = apply_event(state, entry).state
    return outcomes
