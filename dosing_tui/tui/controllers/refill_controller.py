"""What the operator tells of a refill: the journal has it, and the jump of the level is no alarm."""

from datetime import timedelta
from functools import partial

from dosing_tui.config.alarm_limits import most_shelved
from dosing_tui.domain.alarms.tank_refill import RULE, refilled
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.errors import AlarmRefused
from dosing_tui.tui.alarms import alarm_actions
from dosing_tui.tui.controllers.alarm_controller import Alerting
from dosing_tui.tui.dialogs.refill_dialog import Refill, RefillDialog

WITHIN = timedelta(hours=1)
"""How long the station may take to tell its new level, unless the site shelves for less."""


class Refilling(Alerting):
    """Has no state of its own."""

    def action_ask_refill(self) -> None:
        """Of the tank that is chosen in the table of levels, else of the emptiest."""
        tanks = self._live.picture(self._clock()).levels
        if not tanks:
            self.front.say("No tank has told its level yet.")
            return
        dialog = RefillDialog(
            self._look, tanks, chosen=_number(tanks, self._plant.chosen_tank), name=self._author,
            within=self._within,
        )  # fmt: skip
        self.push_screen(dialog, self._take_refill)

    @property
    def _within(self) -> timedelta:
        return min(WITHIN, most_shelved(self._settings, RULE.priority))

    def _take_refill(self, said: Refill | None) -> None:
        if said is None:
            return
        self._author = said.name
        states = {key: view.state for key, view in alarm_actions.views_of(self.alarms).items()}
        try:
            entries = refilled(
                states, self._asking(), device=said.tank.device_id, chemical=said.tank.chemical,
                grams=said.grams, within=self._within, most=most_shelved(self._settings, RULE.priority),
            )  # fmt: skip
        except AlarmRefused as error:
            self.front.say(str(error))
        else:
            told = partial(self._tell_refill, said)
            self._clerk.do(partial(self._journal, entries, told))

    def _tell_refill(self, said: Refill, kept: str) -> None:
        amount = "" if said.grams is None else f" to {said.grams:g} g"
        self._say(f"Refilled{amount}: {said.tank.chemical} ({said.tank.device_id}). {kept}".rstrip())


def _number(tanks: tuple[InventoryLevel, ...], chosen: InventoryLevel | None) -> int:
    """The same tank, whose level may be a newer one by now; the emptiest where none is chosen."""
    for number, tank in enumerate(tanks):
        if chosen is not None and (tank.device_id, tank.chemical) == (chosen.device_id, chosen.chemical):
            return number
    full = [100.0 if tank.percent_full is None else tank.percent_full for tank in tanks]
    return full.index(min(full))
