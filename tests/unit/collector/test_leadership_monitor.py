from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.leadership_monitor import (
    CLIENT_ID_CONFLICT,
    ELECTION_UNAVAILABLE,
    LeadershipMonitor,
)
from dosing_tui.config.settings import CollectorMode
from dosing_tui.errors import DatabaseUnavailableError
from dosing_tui.live_snapshot import LinkStatus, Role
from tests.support.collector.protocol_fakes import FakeServer, make_context, take_snapshot

AWAY = DatabaseUnavailableError("The database is away.")


@dataclass(slots=True)
class Post:
    is_collecting: bool = False
    has_client_id_conflict: bool = False
    is_last_collector: bool = False


def in_mode(context: CollectorContext, mode: CollectorMode) -> CollectorContext:
    settings = context.settings
    return replace(
        context,
        settings=replace(settings, collector=replace(settings.collector, mode=mode)),
    )


class RoleBench:
    def __init__(self, folder: Path, mode: CollectorMode = CollectorMode.AUTO) -> None:
        self.server, self.post = FakeServer(), Post()
        self.around: CollectorContext = in_mode(make_context(folder, self.server), mode)
        self.council = LeadershipMonitor(self.around)

    def decide_role(self) -> Role:
        role = self.council.determine_role(self.post)
        self.post.is_collecting = role is Role.COLLECTOR
        return role

    @property
    def notice(self) -> str:
        return take_snapshot(self.around).notice


@pytest.fixture
def bench(tmp_path: Path) -> RoleBench:
    return RoleBench(tmp_path)


def test_the_elected_goes_on_while_the_database_is_away_and_steps_down_if_another_was_elected(
    bench: RoleBench,
) -> None:
    assert bench.decide_role() is Role.COLLECTOR
    bench.server.down = AWAY
    assert bench.decide_role() is Role.COLLECTOR
    bench.server.down, bench.server.elected = None, False
    assert bench.decide_role() is Role.STANDBY
    bench.server.down = AWAY
    assert bench.decide_role() is Role.UNDECIDED


def test_who_cannot_ask_says_so_until_the_answer_comes(bench: RoleBench) -> None:
    bench.server.down = AWAY
    assert bench.decide_role() is Role.UNDECIDED
    assert bench.notice == ELECTION_UNAVAILABLE
    assert take_snapshot(bench.around).database.reason == "The database is away."
    bench.server.down = None
    assert bench.decide_role() is Role.COLLECTOR
    assert bench.notice == ""
    assert take_snapshot(bench.around).database.status is LinkStatus.UP


def test_who_goes_on_unelected_gives_way_to_another_with_the_same_client_id_and_stays_aside(
    bench: RoleBench,
) -> None:
    bench.server.down = AWAY
    bench.post.is_last_collector = True
    assert bench.decide_role() is Role.COLLECTOR
    bench.post.has_client_id_conflict = True
    assert bench.decide_role() is Role.UNDECIDED
    assert bench.notice == CLIENT_ID_CONFLICT
    bench.post.has_client_id_conflict = False  # it does not listen any more, so it cannot tell
    assert bench.decide_role() is Role.UNDECIDED
    bench.server.down = None
    assert bench.decide_role() is Role.COLLECTOR


def test_who_was_elected_does_not_give_way_at_once(bench: RoleBench) -> None:
    assert bench.decide_role() is Role.COLLECTOR
    bench.server.down, bench.post.has_client_id_conflict = AWAY, True
    assert bench.decide_role() is Role.COLLECTOR


def test_who_is_elected_and_cannot_collect_lets_another(bench: RoleBench) -> None:
    assert bench.decide_role() is Role.COLLECTOR
    bench.council.release_leadership()
    bench.post.is_collecting, bench.server.down = False, AWAY
    assert bench.decide_role() is Role.UNDECIDED


def test_a_process_that_may_not_be_elected_says_that_nobody_collects(bench: RoleBench) -> None:
    bench.server.elected, bench.server.refusal = False, "Nobody collects."
    assert bench.decide_role() is Role.STANDBY
    assert bench.notice == "Nobody collects."
    bench.server.refusal = ""
    bench.decide_role()
    assert bench.notice == ""


def test_after_an_outage_the_one_that_collects_goes_on_until_another_is_known_to_live(
    bench: RoleBench,
) -> None:
    """The lease of a process that was killed meanwhile has not expired yet."""
    bench.server.down, bench.post.is_last_collector = AWAY, True
    assert bench.decide_role() is Role.COLLECTOR
    bench.server.down, bench.server.elected = None, None
    assert bench.decide_role() is Role.COLLECTOR
    bench.server.elected = False
    assert bench.decide_role() is Role.STANDBY
    bench.server.elected = None
    assert bench.decide_role() is Role.STANDBY


def test_what_a_viewer_has_found_out_holds_until_it_looks_again(tmp_path: Path) -> None:
    """It looks less often than it is asked; in between, the link is not up again."""
    bench = RoleBench(tmp_path, CollectorMode.NEVER)
    bench.server.down = AWAY
    for _ in range(3):
        bench.decide_role()
        shown = take_snapshot(bench.around)
        assert (shown.database.status, shown.database.reason) == (LinkStatus.DOWN, "The database is away.")
    assert bench.server.request_count == 1
    bench.server.down = None
    bench.council = LeadershipMonitor(bench.around)
    bench.decide_role()
    assert take_snapshot(bench.around).database.status is LinkStatus.UP


def test_the_heartbeat_leaves_the_lease_to_the_election_unless_that_is_held_up(
    bench: RoleBench,
) -> None:
    assert bench.decide_role() is Role.COLLECTOR
    bench.council._renew_lease()
    assert bench.server.renewals == 0
    bench.council._renewed_at -= 2 * bench.around.intervals.poll_s
    bench.council._renew_lease()
    assert bench.server.renewals == 1


def test_an_election_that_fails_renews_nothing(bench: RoleBench) -> None:
    bench.server.down = AWAY
    bench.decide_role()
    bench.council._renew_lease()
    assert bench.server.renewals == 1
