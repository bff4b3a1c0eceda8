"""Requests and results of the panels: due requests, valid results, and the last good rows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.errors import RangeError
from dosing_tui.tui.data import refresh_policy
from dosing_tui.tui.data.query_results import PanelLoaded, PanelRequest
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
        self._refresh_states: dict[str, refresh_policy.PanelRefreshState] = {}
        self._results: dict[str, PanelResult] = {}
        self._scope = Scope()

    @property
    def results(self) -> Mapping[str, PanelResult]:
        return MappingProxyType(dict(self._results))

    def request_due_panels(
        self, panels: Iterable[Panel[Any]], scope: Scope, time_context: TimeContext
    ) -> None:
        """Submit the requests that are due, and cancel the obsolete ones."""
        panels = tuple(panels)
        self._cancel_unneeded(scope, frozenset(panel.id for panel in panels))
        settle = refresh_policy.get_settle_time(time_context.snapshot.role)
        for panel in panels:
            turn = refresh_policy.update_counts(
                self._refresh_states.get(panel.id, refresh_policy.PanelRefreshState()),
                refresh_policy.get_reading_counts(panel, time_context.snapshot),
                time_context.now,
            )
            if refresh_policy.is_request_due(turn, time_context.now, settle_time=settle):
                turn = self._send_request(panel, turn, scope, time_context)
            self._refresh_states[panel.id] = turn

    def _send_request(
        self,
        panel: Panel[Any],
        state: refresh_policy.PanelRefreshState,
        scope: Scope,
        time_context: TimeContext,
    ) -> refresh_policy.PanelRefreshState:
        asked = refresh_policy.start_request(state, time_context.now)
        try:
            self._submit(
                PanelRequest(panel, asked.generation, scope, build_query(panel, scope, time_context))
            )
        except RangeError as error:
            known = self._results.get(panel.id, NO_RESULT)
            self._results[panel.id] = replace(known, error=str(error), is_database_down=False)
            return replace(asked, is_in_flight=False, has_failed=True)
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
        if anew:
            self._refresh_states = {
                name: refresh_policy.reset_request(turn) for name, turn in self._refresh_states.items()
            }
            self._results = {name: replace(answer, error="") for name, answer in self._results.items()}
        else:
            self._refresh_states |= {
                name: refresh_policy.reset_request(self._refresh_states[name]) for name in running
            }

    def invalidate_all(self) -> None:
        """Make every panel due."""
        self._refresh_states = {
            name: refresh_policy.mark_due(turn) for name, turn in self._refresh_states.items()
        }

    def store_result(self, reply: PanelLoaded, now: datetime) -> bool:
        """Store a reply; False when it is outdated. After a failure the last good rows stay."""
        question = reply.request
        name = question.panel.id
        turn = refresh_policy.finish_request(
            self._refresh_states.get(name, refresh_policy.PanelRefreshState()),
            question.generation,
            has_failed=reply.rows is None,
        )
        if turn is None:
            return False
        self._refresh_states[name] = turn
        if reply.rows is None:
            known = self._results.get(name, NO_RESULT)
            self._results[name] = replace(known, error=reply.error, is_database_down=reply.is_database_down)
        else:
            self._results[name] = PanelResult(
                reply.rows, loaded_at=now, query=question.query, scope=question.scope
            )
        return True
