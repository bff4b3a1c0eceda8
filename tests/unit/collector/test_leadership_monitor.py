from dataclasses import dataclass
from pathlib import Path

import pytest

from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.leadership_monitor import CONTESTED, UNASKED, Council
from dosing_tui.errors import DatabaseAway
from dosing_tui.live_state import Link, Role
from tests.support.collector.protocol_fakes import FakeServer, picture, surroundings

AWAY = DatabaseAway("The database is away.")


@dataclass(slots=True)
class Post:
    collecting: bool = False
    contested: bool = False
    collected_here: bool = False


class Bench:
    def __init__(self, folder: Path) -> None:
        self.server, self.post = FakeServer(), Post()
        self.around: Surroundings = surroundings(folder, self.server)
        self.council = Council(self.around)

    def decide(self) -> Role:
        role = self.council.decide(self.post)
        self.post.collecting = role is Role.COLLECTING
        return role

    @property
    def notice(self) -> str:
        return picture(self.around).notice


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_elected_goes_on_while_the_database_is_away_and_steps_down_if_another_was_elected(
    bench: Bench,
) -> None:
    assert bench.decide() is Role.COLLECTING
    bench.server.down = AWAY
    assert bench.decide() is Role.COLLECTING
    bench.server.down, bench.server.elected = None, False
    assert bench.decide() is Role.STANDBY
    bench.server.down = AWAY
    assert bench.decide() is Role.UNDECIDED


def test_who_cannot_ask_says_so_until_the_answer_comes(bench: Bench) -> None:
    bench.server.down = AWAY
    assert bench.decide() is Role.UNDECIDED
    assert bench.notice == UNASKED
    assert picture(bench.around).database.why == "The database is away."
    bench.server.down = None
    assert bench.decide() is Role.COLLECTING
    assert bench.notice == ""
    assert picture(bench.around).database.link is Link.UP


def test_who_goes_on_unelected_gives_way_to_another_with_the_same_client_id_and_stays_aside(
    bench: Bench,
) -> None:
    bench.server.down = AWAY
    bench.post.collected_here = True
    assert bench.decide() is Role.COLLECTING
    bench.post.contested = True
    assert bench.decide() is Role.UNDECIDED
    assert bench.notice == CONTESTED
    bench.post.contested = False  # it does not listen any more, so it cannot tell
    assert bench.decide() is Role.UNDECIDED
    bench.server.down = None
    assert bench.decide() is Role.COLLECTING


def test_who_was_elected_does_not_give_way_at_once(bench: Bench) -> None:
    assert bench.decide() is Role.COLLECTING
    bench.server.down, bench.post.contested = AWAY, True
    assert bench.decide() is Role.COLLECTING


def test_who_is_elected_and_cannot_collect_lets_another(bench: Bench) -> None:
    assert bench.decide() is Role.COLLECTING
    bench.council.give_up()
    bench.post.collecting, bench.server.down = False, AWAY
    assert bench.decide() is Role.UNDECIDED
