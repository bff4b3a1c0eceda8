"""Keeps the panels' questions and answers: which are due, which answer counts, what was last good."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.errors import RangeError
from dosing_tui.tui.data import refresh_policy
from dosing_tui.tui.data.query_workers import Question, Reply
from dosing_tui.tui.scope.panel_query import query
from dosing_tui.tui.scope.render_context import UNANSWERED, Answer
from dosing_tui.tui.scope.scope import Present, Scope


class Desk:
    """Used by the screen's thread only. ``cancel`` is told the panels whose answers nobody needs."""

    def __init__(
        self, ask: Callable[[Question], object], cancel: Callable[[frozenset[str]], object] = lambda ids: None
    ) -> None:
        self._ask = ask
        self._cancel = cancel
        self._turns: dict[str, refresh_policy.Turn] = {}
        self._answers: dict[str, Answer] = {}
        self._scope = Scope()

    @property
    def answers(self) -> Mapping[str, Answer]:
        return MappingProxyType(dict(self._answers))

    def ask_due(self, panels: Iterable[Panel[Any]], scope: Scope, present: Present) -> None:
        """Send off every question whose time has come; take back those that nobody waits for."""
        panels = tuple(panels)
        self._take_back(scope, frozenset(panel.id for panel in panels))
        settle = refresh_policy.settle_time(present.picture.role)
        for panel in panels:
            turn = refresh_policy.noticed(
                self._turns.get(panel.id, refresh_policy.Turn()),
                refresh_policy.counts(panel, present.picture),
                present.now,
            )
            if refresh_policy.due(turn, present.now, settle=settle):
                turn = self._send(panel, turn, scope, present)
            self._turns[panel.id] = turn

    def _send(
        self, panel: Panel[Any], turn: refresh_policy.Turn, scope: Scope, present: Present
    ) -> refresh_policy.Turn:
        asked = refresh_policy.asked(turn, present.now)
        try:
            self._ask(Question(panel, asked.generation, scope, query(panel, scope, present)))
        except RangeError as error:
            known = self._answers.get(panel.id, UNANSWERED)
            self._answers[panel.id] = replace(known, trouble=str(error), away=False)
            return replace(asked, in_flight=False, failed=True)
        return asked

    def _take_back(self, scope: Scope, wanted: frozenset[str]) -> None:
        """A new scope asks everything anew, at once; panels out of sight need no answer."""
        anew = scope != self._scope
        self._scope = scope
        running = frozenset(
            name for name, turn in self._turns.items() if turn.in_flight and (anew or name not in wanted)
        )
        if running:
            self._cancel(running)
        if anew:
            self._turns = {name: refresh_policy.anew(turn) for name, turn in self._turns.items()}
            self._answers = {name: replace(answer, trouble="") for name, answer in self._answers.items()}
        else:
            self._turns |= {name: refresh_policy.anew(self._turns[name]) for name in running}

    def want_all(self) -> None:
        """The operator asked for fresh answers."""
        self._turns = refresh_policy.wanted(self._turns, self._turns)

    def take(self, reply: Reply, now: datetime) -> bool:
        """Keep an answer; False when nobody waits for it any more. A failure keeps the last good rows."""
        question = reply.question
        name = question.panel.id
        turn = refresh_policy.answered(
            self._turns.get(name, refresh_policy.Turn()), question.generation, failed=reply.rows is None
        )
        if turn is None:
            return False
        self._turns[name] = turn
        if reply.rows is None:
            known = self._answers.get(name, UNANSWERED)
            self._answers[name] = replace(known, trouble=reply.trouble, away=reply.away)
        else:
            self._answers[name] = Answer(reply.rows, at=now, query=question.query, scope=question.scope)
        return True
