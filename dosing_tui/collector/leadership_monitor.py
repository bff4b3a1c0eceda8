"""Asks those who know who should collect, and what else goes on in the database."""

import time
from datetime import timedelta
from typing import Protocol

from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.pipeline.database_maintenance import maintain
from dosing_tui.collector.role_decision import Facts, Vote, decide
from dosing_tui.config.settings import CollectorMode
from dosing_tui.errors import DatabaseError
from dosing_tui.live_state import Role

UNASKED = "The database cannot be asked who collects: nothing is collected here until it answers."
CONTESTED = "Another program uses the collector's client id: it may, until the database says who collects."
TWO = "Another process collects for this site, too: collector.mode is 'always' here."


class Position(Protocol):
    """What this process is at the moment."""

    @property
    def collecting(self) -> bool: ...
    @property
    def contested(self) -> bool: ...
    @property
    def collected_here(self) -> bool: ...


class Council:
    """For one thread."""

    def __init__(self, around: Surroundings) -> None:
        self._mode = around.settings.collector.mode
        self._database = around.database
        self._election = around.database.election()
        self._status = around.status
        self._pace = around.pace
        self._elected = False
        self._contested_since: float | None = None
        self._aside_until = 0.0
        self._due = {"maintain": time.monotonic() + around.pace.maintain_s}

    def decide(self, post: Position) -> Role:
        vote = self._vote(post)
        if vote is not Vote.UNKNOWN:
            self._elected = vote is Vote.WON
        contested = self._contested(post)
        role = decide(
            Facts(
                self._mode,
                vote,
                elected=self._elected,
                collected_here=post.collected_here,
                contested=contested,
            )
        )
        if post.collecting and role is Role.UNDECIDED:
            self._aside_until = time.monotonic() + self._pace.aside_s
        self._explain(role, vote, contested)
        return role

    def look_around(self, post: Position) -> None:
        """What the one who collects does besides."""
        if not post.collecting:
            return
        try:
            if self._is_due("maintain", self._pace.maintain_s):
                maintain(self._database, self._status)
            if self._is_due("foreign", self._pace.foreign_s):
                self._tell_of_others(self._database.other_writers())
        except DatabaseError as error:
            self._status.say(f"Looking after the database has to wait: {error}")

    def give_up(self) -> None:
        """Let another process be elected, or end."""
        self._elected = False
        try:
            self._election.release()
        except DatabaseError as error:
            self._status.say(str(error))  # the lock falls with the session anyway

    def _vote(self, post: Position) -> Vote:
        if self._mode is CollectorMode.ALWAYS and not post.collecting:
            return Vote.UNKNOWN  # first things first: messages are taken before anybody is asked
        try:
            vote = self._ask()
        except DatabaseError as error:
            if not post.collecting:  # who collects, tells of the database himself
                self._status.database(False, str(error))
            return Vote.UNKNOWN
        if not post.collecting:
            self._status.database(True, "")
        return vote

    def _ask(self) -> Vote:
        """Raises: DatabaseError."""
        if self._mode is CollectorMode.NEVER:
            if self._is_due("answers", self._pace.idle_s):
                self._database.answers()
            return Vote.LOST
        return Vote.WON if self._election.held() or self._election.try_acquire() else Vote.LOST

    def _contested(self, post: Position) -> timedelta | None:
        now = time.monotonic()
        if now < self._aside_until:
            return timedelta.max
        if not post.contested:
            self._contested_since = None
            return None
        self._contested_since = self._contested_since or now
        return timedelta(seconds=now - self._contested_since)

    def _explain(self, role: Role, vote: Vote, contested: timedelta | None) -> None:
        sentence = ""
        if role is Role.UNDECIDED:
            sentence = CONTESTED if contested is not None else UNASKED
        elif self._mode is CollectorMode.ALWAYS and vote is Vote.LOST:
            sentence = TWO
        self._status.notice("role", sentence)

    def _tell_of_others(self, names: list[str]) -> None:
        who = ", ".join(names)
        self._status.notice(
            "foreign", f"{who} writes the same tables: every reading may be counted twice." if names else ""
        )

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every_s
        return True
