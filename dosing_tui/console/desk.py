"""Keeps the panels' questions and answers: which are due, which answer counts, what was last good."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any

from dosing_tui.console import schedule
from dosing_tui.console.asking import Question, Reply
from dosing_tui.console.moment import UNANSWERED, Answer
from dosing_tui.console.ranges import asked
from dosing_tui.live import Picture
from dosing_tui.plant.panels import Panel


class Desk:
    """Used by the screen's thread only."""

    def __init__(self, ask: Callable[[Question], None], zone: tzinfo) -> None:
        self._ask = ask
        self._zone = zone
        self._turns: dict[str, schedule.Turn] = {}
        self._answers: dict[str, Answer] = {}

    @property
    def answers(self) -> Mapping[str, Answer]:
        return MappingProxyType(dict(self._answers))

    def ask_due(self, picture: Picture, now: datetime, *, panels: Iterable[Panel[Any]]) -> None:
        """Send off every question whose time has come."""
        settle = schedule.settle_time(picture.role)
        for panel in panels:
            turn = schedule.noticed(
                self._turns.get(panel.id, schedule.Turn()), schedule.counts(panel, picture), now
            )
            if schedule.due(turn, now, settle=settle):
                turn = schedule.asked(turn, now)
                since, until = asked(panel, now, self._zone)
                self._ask(Question(panel, turn.generation, Query(since, until, now)))
            self._turns[panel.id] = turn

    def want_all(self) -> None:
        """The operator asked for fresh answers."""
        self._turns = schedule.wanted(self._turns, self._turns)

    def take(self, reply: Reply, now: datetime) -> bool:
        """Keep an answer; False when nobody waits for it any more. A failure keeps the last good rows."""
        name = reply.question.panel.id
        turn = schedule.answered(self._turns[name], reply.question.generation, failed=reply.rows is None)
        if turn is None:
            return False
        self._turns[name] = turn
        if reply.rows is None:
            known = self._answers.get(name, UNANSWERED)
            self._answers[name] = replace(known, trouble=reply.trouble)
        else:
            self._answers[name] = Answer(reply.rows, at=now)
        return True
