"""Requests and results of the panels: due requests, valid results, and the last good rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.errors import DatabaseUnavailableError, RangeError
from dosing_tui.tui.data import refresh_policy
from dosing_tui.tui.data.query_results import PanelLoaded, PanelRequest
from dosing_tui.tui.data.refresh_policy import PanelRefreshState
from dosing_tui.tui.scope.panel_query import build_query
from dosing_tui.tui.scope.render_context import NO_RESULT, PanelResult
from dosing_tui.tui.scope.scope import Scope, TimeContext


class PanelCache:
    """Not thread-safe: for the app's thread. ``cancel`` gets the ids of panels whose queries are obsolete."""

    def __init__(
        self,
        submit: Callable[[PanelRequest], object],
        cancel: Callable[[frozenset[str]], object] = lambda ids: None,
    ) -> None:
        self._submit = submit
        self._cancel = cancel
        self._refresh_states: defaultdict[str, PanelRefreshState] = defaultdict(PanelRefreshState)
        self.results: dict[str, PanelResult] = {}
        """The last result of each panel, by panel id."""
        self._awaited: set[str] = set()
        self._scope = Scope()

    def request_due_panels(
        self, panels: Iterable[Panel[Any]], scope: Scope, time_context: TimeContext
    ) -> None:
        """Submit the requests that are due, and cancel the obsolete ones."""
        panels = tuple(panels)
        self._cancel_unneeded(scope, frozenset(panel.id for panel in panels))
        settle = refresh_policy.get_settle_time(time_context.snapshot.role)
        for panel in panels:
            turn = refresh_policy.update_counts(
                self._refresh_states[panel.id],
                refresh_policy.get_reading_counts(panel, time_context.snapshot),
                time_context.now,
            )
            if refresh_policy.is_request_due(
                turn, time_context.now, settle_time=max(settle, panel.settle_time)
            ):
                turn = self._send_request(panel, turn, scope, time_context)
            self._refresh_states[panel.id] = turn

    def _send_request(
        self,
        panel: Panel[Any],
        state: PanelRefreshState,
        scope: Scope,
        time_context: TimeContext,
    ) -> PanelRefreshState:
        known = self.results.get(panel.id, NO_RESULT)
        if known.rows is None or known.error or known.scope != scope:
            self._awaited.add(panel.id)
        try:
            query = build_query(panel, scope, time_context)
        except RangeError as error:
            self.results[panel.id] = replace(known, error=str(error), is_database_down=False)
            return refresh_policy.refuse_request(state, time_context.now)
        asked = refresh_policy.start_request(state, time_context.now, query.until - query.since)
        self._submit(PanelRequest(panel, asked.generation, scope, query, panel.id in self._awaited))
        return asked

    def _cancel_unneeded(self, scope: Scope, visible_panels: frozenset[str]) -> None:
        """A new scope makes every request due; running queries of hidden panels are cancelled."""
        anew = scope != self._scope
        self._scope = scope
        running = frozenset(
            name
            for name, turn in self._refresh_states.items()
            if turn.is_in_flight and (anew or name not in visible_panels)
        )
        if running:
            self._cancel(running)
        for name in tuple(self._refresh_states) if anew else running:
            self._refresh_states[name] = refresh_policy.reset_request(self._refresh_states[name])
        if anew:
            self.results = {name: replace(answer, error="") for name, answer in self.results.items()}

    def invalidate_all(self) -> None:
        """Make every panel due; a running request stays valid."""
        for name, turn in self._refresh_states.items():
            self._refresh_states[name] = replace(turn, is_refresh_due=True)
            self._awaited.add(name)

    def take_awaited(self, panel: str) -> bool:
        """Whether the operator waits for the panel's next result: the others need not be drawn at once."""
        is_awaited = panel in self._awaited
        self._awaited.discard(panel)
        return is_awaited

    def store_result(self, reply: PanelLoaded, now: datetime) -> bool:
        """Store a reply; False when it is outdated. After a failure the last good rows stay."""
        question = reply.request
        name = question.panel.id
        turn = refresh_policy.finish_request(
            self._refresh_states[name],
            question.generation,
            now,
            has_failed=reply.rows is None,
        )
        if turn is None:
            return False
        self._refresh_states[name] = turn
        if reply.rows is None:
            known = self.results.get(name, NO_RESULT)
            is_down = isinstance(reply.database_error, DatabaseUnavailableError)
            self.results[name] = replace(known, error=reply.error, is_database_down=is_down)
        else:
            self.results[name] = PanelResult(
                reply.rows, loaded_at=now, query=question.query, scope=question.scope, dropped=reply.dropped
            )
        return True
