"""What a tile is drawn from: the plant, the panels' results and the clock at one moment."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import TypeVar, cast

from msgspec import Struct, field

from dosing_tui.config.alarm_limits import build_alarm_limits, build_tolerance_rules
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.messages.models import Dose, InventoryLevel
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.dropped_readings import DroppedReadings
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.domain.station_status import list_retired, select_in_service
from dosing_tui.domain.tolerances.tolerance_book import DatedRules, ToleranceBook
from dosing_tui.live_snapshot import LinkState, LinkStatus, LiveSnapshot
from dosing_tui.tui.charts.series import ChartAnnotation
from dosing_tui.tui.keys.bindings import format_keys
from dosing_tui.tui.scope.chart_annotations import ANNOTATIONS_PANEL, build_chart_annotations
from dosing_tui.tui.scope.scope import LIVE_SCOPE, Scope, TimeContext, format_filters, matches_selection

Row = TypeVar("Row")


class PanelResult(Struct, frozen=True):
    """The result of a panel's queries: the last good rows, when they were loaded, and the latest error."""

    rows: tuple[object, ...] | None = None
    loaded_at: datetime | None = None
    error: str = ""
    """Why the latest query failed; '' if it did not."""
    is_database_down: bool = False
    """It failed because the database is unavailable."""
    query: PanelQuery | None = None
    """The query that returned the rows."""
    scope: Scope = LIVE_SCOPE
    """Range and filters at the time of the query."""
    dropped: DroppedReadings | None = None
    """Why there are no rows."""


NO_RESULT = PanelResult()
PANEL_RANGE_LABELS = {"now/d": "today", "now-24h": "24 h", "now-7d": "7 days", "now-6d/d": "7 days"}
"""Names of the panels' default ranges."""


def get_range_label(panel: Panel[Row]) -> str:
    """The default range of a panel in words."""
    return PANEL_RANGE_LABELS.get(panel.default_range, panel.default_range)


class RenderContext(Struct, frozen=True):
    now: datetime
    zone: tzinfo
    settings: Settings
    snapshot: LiveSnapshot
    results: Mapping[str, PanelResult] = field(default_factory=lambda: MappingProxyType({}))

    scope: Scope = LIVE_SCOPE
    is_overdue: bool = False
    """The result for the selected range and filters should have arrived by now."""
    log_file: str = ""

    @property
    def time_context(self) -> TimeContext:
        return TimeContext(self.now, self.zone, self.snapshot, self.settings.calendar)

    def format_key(self, binding: str) -> str:
        """The first key of a binding of ``keys.bindings`` on this console."""
        return format_keys([binding], self.settings.console.keys).split(" ")[0]

    @property
    def tolerances(self) -> ToleranceBook:
        """The database's tolerance rules and recipes; until they are read, the settings' rules."""
        return self.snapshot.tolerances or ToleranceBook((DatedRules(build_tolerance_rules(self.settings)),))

    @property
    def limits(self) -> AlarmLimits:
        """The database's limits of alarms and panels; until they are read, the settings'."""
        return self.snapshot.limits or build_alarm_limits(self.settings)

    @property
    def levels(self) -> tuple[InventoryLevel, ...]:
        """The tanks within the filters that are in service."""
        chosen = self.scope.selection
        levels = select_in_service(self.snapshot.levels, list_retired(self.snapshot.alarms))
        return tuple(levels) if not chosen.is_active else tuple(
            level for level in levels
            if matches_selection(chosen, device=level.device_id, chemical=level.chemical)
        )  # fmt: skip

    @property
    def doses(self) -> tuple[Dose, ...]:
        """The newest doses within the filters."""
        chosen = self.scope.selection
        return self.snapshot.doses if not chosen.is_active else tuple(
            dose for dose in self.snapshot.doses
            if matches_selection(
                chosen, device=dose.device_id, chemical=dose.chemical, recipe=dose.recipe, mode=dose.mode,
                pump=str(dose.pump),
            )
        )  # fmt: skip

    @property
    def annotations(self) -> tuple[ChartAnnotation, ...]:
        """Batches and notes for the time axes; loaded only for a chart at full screen."""
        return tuple(
            flag
            for found in self.get_rows(ANNOTATIONS_PANEL)
            for flag in build_chart_annotations(found.items)
        )

    @property
    def omission_note(self) -> str:
        """A sentence if annotations are left out; '' if all are drawn."""
        return "".join(found.truncation_text for found in self.get_rows(ANNOTATIONS_PANEL))

    def format_title(self, panel: Panel[Row]) -> str:
        """The title, with 'today' only for the default range."""
        return panel.title if self.scope.spec is None else panel.title.removesuffix(" today")

    def _format_range(self, panel: Panel[Row]) -> str:
        if self.scope.spec is not None:
            return "in this range"
        label = get_range_label(panel)
        return label if label == "today" else f"in the last {label}"

    def has_other_scope(self, panel: Panel[Row]) -> bool:
        """The rows are of another range or of other filters than the selected ones."""
        answer = self.get_result(panel)
        return answer.rows is not None and answer.scope != self.scope

    def get_result(self, panel: Panel[Row]) -> PanelResult:
        return self.results.get(panel.id, NO_RESULT)

    def get_rows(self, panel: Panel[Row]) -> tuple[Row, ...]:
        """The last good rows of the panel; none if they are of a range that failed since."""
        if self.is_rejected(panel):
            return ()
        # an answer is kept under its panel's id and holds what the source returned for that panel
        return cast("tuple[Row, ...]", self.get_result(panel).rows or ())

    def is_stale(self, panel: Panel[Row]) -> bool:
        """The rows are older than they should be: they are drawn dim, with their time."""
        answer = self.get_result(panel)
        if answer.rows is None:
            return False
        late = self.is_overdue and answer.scope != self.scope
        return late or bool(answer.error) or self.snapshot.database.status is LinkStatus.DOWN

    def explain_empty(self, panel: Panel[Row], empty_text: str) -> str:
        """Why a panel is empty: no database, no result yet, or ``empty_text``. Details: second line."""
        answer, database = self.get_result(panel), self.snapshot.database
        if answer.rows is not None and not self.is_rejected(panel):
            return self._format_empty(panel, empty_text)
        if answer.error:
            away = database.status is LinkStatus.DOWN or answer.is_database_down
            return f"{'no database' if away else 'no answer'}\n{clean_line(answer.error)}"
        return _explain_link("database", database) or "loading …"

    def _format_empty(self, panel: Panel[Row], empty_text: str) -> str:
        """What is missing and in which range, e.g. 'no dose today'; then the filters."""
        narrowed = self.scope.selection.restrict_to(panel.dimensions)
        filters = f"\nof {format_filters(narrowed, panel.dimensions)}" if narrowed.is_active else ""
        within = "" if panel.is_present else f" {self._format_range(panel)}"
        dropped = self.get_result(panel).dropped
        reason = f"\n{dropped.describe(self.zone)}" if dropped else ""
        return f"{empty_text}{within}{filters}{reason}"

    def is_rejected(self, panel: Panel[Row]) -> bool:
        """The query for the selected range failed, and the rows are of another one."""
        return self.has_other_scope(panel) and bool(self.get_result(panel).error)

    def explain_no_messages(self, otherwise: str) -> str:
        """Why there is no live reading: no broker, or ``otherwise``."""
        return _explain_link("broker", self.snapshot.broker) or otherwise


def _explain_link(server: str, link: LinkState) -> str:
    """Why nothing comes from a server; '' while it is connected. Details: second line."""
    if link.status is LinkStatus.DOWN:
        return f"no {server}\n{clean_line(link.reason)}"
    return f"waiting for the {server}" if link.status is LinkStatus.STARTING else ""
