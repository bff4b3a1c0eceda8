"""Everything a tile may look at when it is drawn: one moment of plant, answers and clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import TypeVar, cast

from dosing_tui.config.settings import Settings
from dosing_tui.console.charts.curves import Mark
from dosing_tui.live import Link, Picture
from dosing_tui.plant.panels import Panel
from dosing_tui.plant.readings import Dose, InventoryLevel
from dosing_tui.plant.text import clean_line

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a panel's question brought: the last good rows, when they came, and what went wrong since."""

    rows: tuple[object, ...] | None = None
    at: datetime | None = None
    trouble: str = ""
    """Why the newest question had no answer; '' when it had."""


UNANSWERED = Answer()


@dataclass(frozen=True, slots=True)
class Moment:
    now: datetime
    zone: tzinfo
    settings: Settings
    picture: Picture
    answers: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))

    marks: tuple[Mark, ...] = ()
    """What happened, for the time axes."""

    @property
    def levels(self) -> tuple[InventoryLevel, ...]:
        """The tanks that the operator wants to see."""
        return self.picture.levels

    @property
    def doses(self) -> tuple[Dose, ...]:
        """The newest doses of what the operator wants to see."""
        return self.picture.doses

    def caption(self, panel: Panel[Row], unit: str) -> str:
        return unit

    def none(self, panel: Panel[Row], nothing: str) -> str:
        return f"{nothing} in the last 24 h"

    def answer(self, panel: Panel[Row]) -> Answer:
        return self.answers.get(panel.id, UNANSWERED)

    def rows(self, panel: Panel[Row]) -> tuple[Row, ...]:
        """The panel's last good rows, empty when there never were any."""
        # an answer is kept under its panel's id and holds what the source returned for that panel
        return cast("tuple[Row, ...]", self.answer(panel).rows or ())

    def stale(self, panel: Panel[Row]) -> bool:
        """The rows shown are older than they should be, and the screen has to say so."""
        answer = self.answer(panel)
        return answer.rows is not None and (bool(answer.trouble) or self.picture.database.link is Link.DOWN)

    def nothing_from(self, panel: Panel[Row], otherwise: str) -> str:
        """Why a panel has nothing to show: the database, the wait, or ``otherwise`` when it is empty.

        A second line has the details.
        """
        answer, database = self.answer(panel), self.picture.database
        if answer.rows is not None:
            return otherwise
        if answer.trouble:
            return f"no database\n{clean_line(answer.trouble)}"
        if database.link is Link.DOWN:
            return f"no database\n{clean_line(database.why)}"
        if database.link is Link.STARTING:
            return "waiting for the database"
        return "waiting for the first answer"

    def nothing_live(self, otherwise: str) -> str:
        """Why nothing is known from messages or from the start-up reading of the database."""
        broker = self.picture.broker
        if broker.link is Link.DOWN:
            return f"no broker\n{clean_line(broker.why)}"
        if broker.link is Link.STARTING:
            return "waiting for the broker"
        return otherwise
