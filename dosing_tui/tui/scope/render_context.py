"""Everything a tile may look at when it is drawn: one moment of plant, answers and clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import TypeVar, cast

from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.models import Dose, InventoryLevel
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.panel_catalog import Panel, Query
from dosing_tui.live_state import Link, Picture
from dosing_tui.tui.charts.series import Flag
from dosing_tui.tui.scope.chart_annotations import ANNOTATIONS, flags
from dosing_tui.tui.scope.scope import LIVE, Present, Scope, filter_words, selects

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a panel's question brought: the last good rows, when they came, and what went wrong since."""

    rows: tuple[object, ...] | None = None
    at: datetime | None = None
    trouble: str = ""
    """Why the newest question had no answer; '' when it had."""
    away: bool = False
    """It had none because the database could not be reached."""
    query: Query | None = None
    """What the rows are the answer to."""
    scope: Scope = LIVE
    """What the operator looked at when it was asked."""


UNANSWERED = Answer()
OWN_RANGES = {"now/d": "today", "now-24h": "24 h", "now-7d": "7 days", "now-6d/d": "7 days"}
"""The panels' own ranges in words."""


@dataclass(frozen=True, slots=True)
class Moment:
    now: datetime
    zone: tzinfo
    settings: Settings
    picture: Picture
    answers: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))

    scope: Scope = LIVE
    waiting: bool = False
    """What is chosen was chosen so long ago that an answer should be here."""

    @property
    def present(self) -> Present:
        return Present(self.now, self.zone, self.picture, self.settings.calendar)

    @property
    def levels(self) -> tuple[InventoryLevel, ...]:
        """The tanks that the operator wants to see."""
        chosen = self.scope.selection
        if not chosen.active:
            return self.picture.levels
        return tuple(
            level for level in self.picture.levels
            if selects(chosen, device=level.device_id, chemical=level.chemical)
        )  # fmt: skip

    @property
    def doses(self) -> tuple[Dose, ...]:
        """The newest doses of what the operator wants to see."""
        chosen = self.scope.selection
        if not chosen.active:
            return self.picture.doses
        return tuple(
            dose for dose in self.picture.doses
            if selects(
                chosen, device=dose.device_id, chemical=dose.chemical, recipe=dose.recipe, mode=dose.mode
            )
        )  # fmt: skip

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What happened, for the time axes; asked for only while a chart has the whole screen."""
        return tuple(flag for found in self.rows(ANNOTATIONS) for flag in flags(found.shown))

    @property
    def left_out(self) -> str:
        """That not all of what happened is among the flags; '' if it is."""
        return "".join(found.sentence for found in self.rows(ANNOTATIONS))

    def title(self, panel: Panel[Row]) -> str:
        """'Today' is said only of today."""
        return panel.title if self.scope.spec is None else panel.title.removesuffix(" today")

    def _within(self, panel: Panel[Row]) -> str:
        if self.scope.spec is not None:
            return "in this range"
        own = OWN_RANGES.get(panel.range, "")
        return own if own == "today" else f"in the last {own}"

    def other_scope(self, panel: Panel[Row]) -> bool:
        """The rows are of another range, or of other readings, than what is chosen by now."""
        answer = self.answer(panel)
        return answer.rows is not None and answer.scope != self.scope

    def answer(self, panel: Panel[Row]) -> Answer:
        return self.answers.get(panel.id, UNANSWERED)

    def rows(self, panel: Panel[Row]) -> tuple[Row, ...]:
        """The panel's last good rows, empty when there are none for what is chosen."""
        if self.refused(panel):
            return ()
        # an answer is kept under its panel's id and holds what the source returned for that panel
        return cast("tuple[Row, ...]", self.answer(panel).rows or ())

    def stale(self, panel: Panel[Row]) -> bool:
        """The rows shown are older than they should be, and the screen has to say so."""
        answer = self.answer(panel)
        if answer.rows is None:
            return False
        late = self.waiting and answer.scope != self.scope
        return late or bool(answer.trouble) or self.picture.database.link is Link.DOWN

    def nothing_from(self, panel: Panel[Row], nothing: str) -> str:
        """Why a panel has nothing to show: the database, the wait, or that there is ``nothing`` in its range.

        A second line has the details.
        """
        answer, database = self.answer(panel), self.picture.database
        if answer.rows is not None and not self.refused(panel):
            return self._nothing(panel, nothing)
        if answer.trouble:
            away = database.link is Link.DOWN or answer.away
            return f"{'no database' if away else 'no answer'}\n{clean_line(answer.trouble)}"
        if database.link is Link.DOWN:
            return f"no database\n{clean_line(database.why)}"
        if database.link is Link.STARTING:
            return "waiting for the database"
        return "waiting for the first answer"

    def _nothing(self, panel: Panel[Row], nothing: str) -> str:
        """That there is nothing, and where: 'no dose today'; then of which choice."""
        narrowed = self.scope.selection.narrowed_to(panel.dimensions)
        if narrowed.active:
            return f"{nothing} {self._within(panel)}\nof {filter_words(narrowed, panel.dimensions)}"
        return f"{nothing} {self._within(panel)}"

    def refused(self, panel: Panel[Row]) -> bool:
        """What is chosen cannot be answered, and the rows there are belong to something else."""
        return self.other_scope(panel) and bool(self.answer(panel).trouble)

    def nothing_live(self, otherwise: str) -> str:
        """Why nothing is known from messages or from the start-up reading of the database."""
        broker = self.picture.broker
        if broker.link is Link.DOWN:
            return f"no broker\n{clean_line(broker.why)}"
        if broker.link is Link.STARTING:
            return "waiting for the broker"
        return otherwise
