"""What a controller is given: the app through one small protocol, and the shared services."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from textual.message import Message
from textual.screen import Screen

from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.live_snapshot import LiveSnapshot, LiveSnapshotSource
from dosing_tui.tui.alarms.alarm_list import EMPTY_SNAPSHOT
from dosing_tui.tui.containment.part_guard import PartGuard
from dosing_tui.tui.data.operator_session import OperatorSession
from dosing_tui.tui.data.query_workers import ConsoleDataSource, QueryRunner
from dosing_tui.tui.keys.footer_hints import FooterMode, build_hints
from dosing_tui.tui.layout.footer import KeyHint
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.requests.operator_entries import Entry, OperatorEntries, apply_contained
from dosing_tui.tui.requests.pending_request import PendingRequest, PendingRequests
from dosing_tui.tui.tiles.registry import list_other_panels
from dosing_tui.tui.widgets.closable_screen import ClosableScreen
from dosing_tui.tui.widgets.form_dialog import FormDialog
from dosing_tui.tui.widgets.messages import ViewChanged

Result = TypeVar("Result")


class ScreenHost(Protocol):
    """The app, as far as controllers use it."""

    @property
    def terminal_theme(self) -> TerminalTheme:
        """Colours and characters for new screens."""

    @property
    def screen(self) -> Screen[Any]:
        """The dialog or screen on top."""

    def push_screen(
        self, screen: Screen[Result], callback: Callable[[Result | None], None] | None = None
    ) -> object:
        """Show a screen above the others; ``callback`` gets its result."""

    def post_message(self, message: Message) -> bool:
        """Send a message to the app; safe from every thread."""

    def note_failure(self, work: str, error: Exception) -> None:
        """What somebody asked for has failed by a mistake of the program: log and show it."""

    def show_message(self, sentence: str) -> None:
        """For a few seconds, at the foot of the active screen."""

    def show_view(self, view: str) -> None:
        """Go to a view of the dashboard; screens above it are closed."""

    def refresh_data(self) -> None:
        """Run every query of the active screens again."""

    def bell(self) -> None:
        """Ring the terminal's bell."""


class ConsoleServices(Struct, frozen=True):
    """What every controller works with."""

    settings: Settings
    live_source: LiveSnapshotSource
    source: ConsoleDataSource
    workers: QueryRunner
    clock: Callable[[], datetime]
    operator: OperatorSession
    requests: PendingRequests
    entries: OperatorEntries
    guard: PartGuard = field(default_factory=PartGuard)
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Other keys for bindings, by binding id."""

    @property
    def zone(self) -> tzinfo:
        """The plant's time zone."""
        return ZoneInfo(self.settings.plant.timezone)

    @property
    def hints(self) -> Mapping[FooterMode, Sequence[KeyHint]]:
        """The keys at the foot of each screen."""
        return build_hints(self.keymap, has_other_panels=bool(list_other_panels()))

    def get_snapshot(self) -> LiveSnapshot:
        return self.live_source.get_snapshot(self.clock())

    @property
    def limits(self) -> AlarmLimits:
        """The database's; until they are read, the settings'."""
        return self.get_snapshot().limits or build_alarm_limits(self.settings)

    def get_alarms(self) -> AlarmSnapshot:
        """Empty before the first evaluation."""
        return self.get_snapshot().alarms or EMPTY_SNAPSHOT


@dataclass(eq=False)
class Controller:
    """Acts on the keys of one subject."""

    services: ConsoleServices
    host: ScreenHost

    def open_dialog(self, dialog: Screen[Result], apply_values: Callable[[Result], None]) -> None:
        """At once, for a key. ``apply_values`` gets the result, and is not called when it is cancelled."""
        if isinstance(dialog, FormDialog):
            dialog.has_new_person = self.services.operator.create_turn_check()

        def apply(values: Result | None) -> None:
            if values is not None:
                apply_contained(self.host, type(dialog).__name__, lambda: apply_values(values))

        self.host.push_screen(dialog, apply)

    def open_form(
        self, form: FormDialog[Result], kind: Hashable, apply_values: Callable[[Result, Entry], None]
    ) -> None:
        """At once, for a key; filled in with what was entered last, if that is not stored."""
        self.services.entries.open_form(self.host, form, kind, apply_values)

    def report_failure(self, kind: Hashable, sentence: str) -> None:
        """At once, and until somebody has seen it. ``kind``: of the form that leads to another attempt."""
        self.services.entries.add_failure(kind, sentence)
        self.host.show_message(sentence)
        self.host.post_message(ViewChanged())

    def begin_request(self, kind: str, text: str) -> PendingRequest:
        """For an answer that opens a dialog: wanted while the screen on top stays there."""
        return self.services.requests.begin(kind, text, screen=self.host.screen)

    def open_answer(
        self, request: PendingRequest, dialog: ClosableScreen[Result], apply_values: Callable[[Result], None]
    ) -> bool:
        """Late, for the answer to a request; False, and nothing is opened, if it is no longer wanted."""
        is_wanted = self.services.requests.finish(request, is_opening=True)
        if is_wanted:
            dialog.comes_late = True
            self.open_dialog(dialog, apply_values)
        return is_wanted
