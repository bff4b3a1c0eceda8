"""When the watchdog asks the database, what it says of a session, and for how long."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from dosing_tui.collector.pipeline.lock_watchdog import SHOWN_FOR, WATCHED_FOR, LockWatchdog, describe_session
from dosing_tui.database.maintenance.blocking_sessions import BlockingSession
from dosing_tui.live_snapshot import DatabasePart
from tests.support.collector.parsed_items import NOON
from tests.support.collector.protocol_fakes import FakeServer, make_context, take_snapshot

ENDED = BlockingSession(71, "anna", "psql", "10.0.0.5", 12.3, is_ended=True)


@dataclass(slots=True)
class ScriptedWatchdog:
    """Finds these sessions, one at each call."""

    found: list[BlockingSession] = field(default_factory=list)
    calls: int = 0
    is_open: bool = False

    def end_blocking_sessions(self) -> list[BlockingSession]:
        self.calls += 1
        self.is_open = True
        return [self.found.pop(0)] if self.found else []

    def close(self) -> None:
        self.is_open = False


class WatchdogBench:
    def __init__(self, folder: Path) -> None:
        self.now = NOON
        self.asked = ScriptedWatchdog()
        context = make_context(folder, FakeServer())
        self.context = replace(
            context,
            database=replace(context.database, create_watchdog=lambda: self.asked),
            clock=lambda: self.now,
        )
        self.status = self.context.status
        self.watchdog = LockWatchdog(self.context)

    def check(self, after: timedelta = timedelta(seconds=1)) -> int:
        """How often it has asked."""
        self.now += after
        before = self.asked.calls
        self.watchdog._check_locks()
        return self.asked.calls - before

    def list_faults(self) -> list[str]:
        return [
            f.sentence for f in take_snapshot(self.context).database_faults if f.part is DatabasePart.LOCKS
        ]


def test_a_database_that_works_is_not_asked_and_one_that_just_did_not_is(tmp_path: Path) -> None:
    """A collector that waits for a lock is connected in between, and each time waits anew."""
    bench = WatchdogBench(tmp_path)
    bench.status.set_database_link(True, "")
    assert bench.check() == 1
    assert bench.check(WATCHED_FOR) == 0
    assert not bench.asked.is_open
    bench.status.set_database_link(False, "canceling statement due to lock timeout")
    bench.status.set_database_link(True, "")
    assert [bench.check() for _ in range(3)] == [1, 1, 1]
    assert bench.check(WATCHED_FOR) == 0


def test_an_ended_session_is_said_counted_and_shown_for_some_minutes(tmp_path: Path) -> None:
    bench = WatchdogBench(tmp_path)
    bench.asked.found = [ENDED, replace(ENDED, process=72)]
    bench.status.set_database_link(False, "lock timeout")
    bench.check()
    assert bench.list_faults() == []  # the link's own reason says more
    bench.status.set_database_link(True, "")
    bench.check()
    (text,) = bench.list_faults()
    assert text.endswith("Its session 72 was ended; 2 so far.")
    bench.check(SHOWN_FOR)
    assert bench.list_faults() == []


def test_who_it_was_is_said_also_where_an_administrator_has_to_act() -> None:
    hidden = BlockingSession(71, "anna", "", "", None, is_ended=False)
    assert describe_session(hidden, 0) == "user anna holds locks. An administrator has to end session 71."
    assert describe_session(replace(ENDED, address=""), 1).startswith("user anna (psql) held locks for 12 s.")
