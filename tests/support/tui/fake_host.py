"""Controllers without an app: a host that records what it is asked to show, and queries that run at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from textual.message import Message
from textual.screen import Screen

from dosing_tui.config.settings import Settings
from dosing_tui.live_state import LiveState
from dosing_tui.tui.controllers.screen_host import ConsoleServices
from dosing_tui.tui.data.operator_session import OperatorSession
from dosing_tui.tui.data.query_results import PanelRequest, QueryResult
from dosing_tui.tui.data.query_workers import BuildResult, Lane, run_query, run_to_result
from dosing_tui.tui.rendering.palette import DARK
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.requests.operator_entries import OperatorEntries
from dosing_tui.tui.requests.pending_request import PendingRequests
from tests.support.tui import sample_plant
from tests.support.tui.console_driver import Clock, make_settings
from tests.support.tui.sample_plant import FakeSource

Value = TypeVar("Value")
Result = TypeVar("Result")


@dataclass
class FakeHost:
    terminal_theme: TerminalTheme = field(default_factory=lambda: TerminalTheme(DARK))
    screens: list[tuple[Screen[Any], Callable[[Any], None] | None]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    posted: list[Message] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    refreshes: int = 0
    bells: int = 0
    on_screen: Callable[[Screen[Any]], object] = lambda _: None
    """Called with the screen on top whenever that is another one."""
    _bottom: Screen[Any] = field(default_factory=Screen)

    @property
    def screen(self) -> Screen[Any]:
        return self.screens[-1][0] if self.screens else self._bottom

    def push_screen(
        self, screen: Screen[Result], callback: Callable[[Result | None], None] | None = None
    ) -> object:
        self.screens.append((screen, callback))
        self.on_screen(screen)
        return None

    def answer(self, result: object) -> None:
        """Close the topmost screen with this result."""
        _, callback = self.screens.pop()
        self.on_screen(self.screen)
        assert callback is not None
        callback(result)

    def note_failure(self, work: str, error: Exception) -> None:
        raise error

    def post_message(self, message: Message) -> bool:
        self.posted.append(message)
        return True

    def show_message(self, sentence: str) -> None:
        self.messages.append(sentence)

    def show_view(self, view: str) -> None:
        self.views.append(view)

    def refresh_data(self) -> None:
        self.refreshes += 1

    def bell(self) -> None:
        self.bells += 1


class ImmediateWorkers:
    """Each query runs when it is submitted; its result waits in ``results``."""

    def __init__(self, source: FakeSource) -> None:
        self._source = source
        self.results: list[Message] = []
        self.lanes: list[Lane] = []

    def submit(
        self, query: Callable[[], Value], build_result: BuildResult[Value], lane: Lane = Lane.PANELS
    ) -> None:
        self.lanes.append(lane)
        self.results.append(run_to_result(query, build_result))

    def submit_panel(self, request: PanelRequest) -> None:
        self.results.append(run_query(self._source, request))

    def take(self, kind: type[QueryResult[Any]]) -> Any:
        """The only result there is, which has to be of this class."""
        (result,) = self.results
        assert type(result) is kind
        self.results.clear()
        return result


class ControllerBench:
    """Everything that a controller is given, over the sample plant."""

    def __init__(self, *, live: LiveState | None = None, chosen: Settings | None = None) -> None:
        self.source = FakeSource(sample_plant.make_history())
        self.live = live or sample_plant.live_plant(self.source.story, sample_plant.make_levels())
        self.clock = Clock()
        self.host = FakeHost()
        self.workers = ImmediateWorkers(self.source)
        chosen = chosen or make_settings()
        self.operator = OperatorSession(chosen, self.clock)
        self.requests, self.entries = (
            PendingRequests(self.operator),
            OperatorEntries(self.operator, self.clock),
        )
        self.services = ConsoleServices(
            chosen, self.live, self.source, self.workers, self.clock, self.operator, self.requests,
            self.entries,
        )  # fmt: skip
        self.host.on_screen = self.requests.note_screen
