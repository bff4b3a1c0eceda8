"""What the operator tells of a refill: the journal has it, and the jump of the level is no alarm."""

from datetime import timedelta
from functools import partial

from dosing_tui.config.alarm_limits import get_max_shelving
from dosing_tui.domain.alarms.tank_refill import REFILL_RULE, create_refill_entries
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.errors import AlarmCommandError
from dosing_tui.tui.alarms import alarm_actions
from dosing_tui.tui.controllers.alarm_controller import AlarmController
from dosing_tui.tui.dialogs.refill_dialog import RefillDialog, RefillInput

MAX_GRACE_PERIOD = timedelta(hours=1)
"""How long the station may take to tell its new level, unless the site shelves for less."""


class RefillController(AlarmController):
    """Has no state of its own."""

    def action_ask_refill(self) -> None:
        """Of the tank that is chosen in the table of levels, else of the emptiest."""
        tanks = self._live_source.get_snapshot(self._clock()).levels
        if not tanks:
            self.active_screen.show_message("No tank has told its level yet.")
            return
        dialog = RefillDialog(
            self._terminal_theme,
            tanks,
            tank_index=_find_tank_index(tanks, self._dashboard.selected_tank),
            name=self._author,
            grace_period=self._grace_period,
        )
        self.push_screen(dialog, self._enter_refill)

    @property
    def _grace_period(self) -> timedelta:
        return min(MAX_GRACE_PERIOD, get_max_shelving(self._settings, REFILL_RULE.priority))

    def _enter_refill(self, refill: RefillInput | None) -> None:
        if refill is None:
            return
        self._author = refill.name
        states = {key: view.state for key, view in alarm_actions.index_alarms(self.alarms).items()}
        try:
            entries = create_refill_entries(
                states,
                self._get_requester(),
                device=refill.tank.device_id,
                chemical=refill.tank.chemical,
                grams=refill.grams,
                level_timeout=self._grace_period,
                max_duration=get_max_shelving(self._settings, REFILL_RULE.priority),
            )
        except AlarmCommandError as error:
            self.active_screen.show_message(str(error))
        else:
            told = partial(self._confirm_refill, refill)
            self._journal_workers.submit_job(partial(self._append_entries, entries, told))

    def _confirm_refill(self, refill: RefillInput, storage_note: str) -> None:
        amount = "" if refill.grams is None else f" to {refill.grams:g} g"
        self._show_message(
            f"Refilled{amount}: {refill.tank.chemical} ({refill.tank.device_id}). {storage_note}".rstrip()
        )


def _find_tank_index(tanks: tuple[InventoryLevel, ...], selection: InventoryLevel | None) -> int:
    """The same tank, whose level may be a newer one by now; the emptiest where none is chosen."""
    for number, tank in enumerate(tanks):
        if selection is not None and (tank.device_id, tank.chemical) == (
            selection.device_id,
            selection.chemical,
        ):
            return number
    full = [100.0 if tank.percent_full is None else tank.percent_full for tank in tanks]
    return full.index(min(full))
