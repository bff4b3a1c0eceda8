"""What a console asks of alarms is in the journal of a real database, by whom, and read back from there."""

from contextlib import closing
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.alarms.offline_commands import OfflineCommands
from dosing_tui.collector.context.local_state import get_spool_folder, set_collector_marker
from dosing_tui.collector.spool.spool_file import SpoolFile
from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.collector_process.state_delta import pack_changes
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.errors import DatabaseUnavailableError
from dosing_tui.live_snapshot import LinkState, LinkStatus, LiveSnapshot
from dosing_tui.tui.data.backend import Backend
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_journal import read_journal
from tests.support.domain.alarm_entries import ANNA, make_entry


def get_now() -> datetime:
    return datetime.now(UTC)


def test_an_acknowledgement_is_journaled_under_name_and_account(migrated: str) -> None:
    engine = Backend(settings_for(migrated), RemoteLiveState(), get_now)
    raised = structs.replace(make_entry(AlarmEvent.RAISE), uuid=uuid4(), id=0)
    journal.append_entries(settings_for(migrated), [raised])
    engine.append_entries([structs.replace(make_entry(AlarmEvent.ACKNOWLEDGE), uuid=uuid4(), id=0, who=ANNA)])
    told = read_journal(settings_for(migrated))
    assert [one.event for one in told] == [AlarmEvent.RAISE, AlarmEvent.ACKNOWLEDGE]
    assert (told[1].who.name, told[1].who.os_user) == ("Anna", getuser())


def unreachable_settings(folder: Path) -> Settings:
    settings = settings_for("host=127.0.0.1 port=1 dbname=none")
    return replace(settings, collector=replace(settings.collector, spool_dir=str(folder)))


def database_down_state() -> RemoteLiveState:
    """The collector says that the database is away."""
    mirror = RemoteLiveState()
    mirror.apply_fields(
        pack_changes(LiveSnapshot(), LiveSnapshot(database=LinkState(LinkStatus.DOWN, get_now(), "gone")))
    )
    return mirror


@pytest.mark.parametrize("mirror", [RemoteLiveState(), database_down_state()], ids=["not known yet", "known"])
def test_without_database_and_collector_nothing_is_done_and_it_is_said_why(
    tmp_path: Path, mirror: RemoteLiveState
) -> None:
    engine = Backend(unreachable_settings(tmp_path), mirror, get_now)
    with pytest.raises(DatabaseUnavailableError, match="Repeat it on the collector's machine"):
        engine.append_entries([make_entry(AlarmEvent.ACKNOWLEDGE)])


@pytest.mark.parametrize("mirror", [RemoteLiveState(), database_down_state()], ids=["not known yet", "known"])
def test_where_this_machine_collects_it_is_kept_under_name_and_account(
    tmp_path: Path, mirror: RemoteLiveState
) -> None:
    settings = unreachable_settings(tmp_path)
    folder = get_spool_folder(settings)
    with closing(SpoolFile(folder, max_mb=10)), closing(JournalOutbox(folder)) as outbox:
        set_collector_marker(folder)
        engine = Backend(settings, mirror, get_now)
        assert not engine.append_entries([structs.replace(make_entry(AlarmEvent.ACKNOWLEDGE), who=ANNA)])
        (kept,) = OfflineCommands(folder).read_new()
        assert (kept.who.name, kept.who.os_user, kept.offline) == ("Anna", getuser(), True)
        assert outbox.take_operator_commands() == [kept]
        assert [one for _, one in outbox.list_pending()] == OfflineCommands(folder).read_new() == [kept]
        assert engine.list_kept_actions() == {kept.uuid}
        outbox.drop_through(outbox.list_pending()[-1][0])
        assert engine.list_kept_actions() == set()
