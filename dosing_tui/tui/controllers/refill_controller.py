"""Tank refills: the journal records them, and the jump of the level is no alarm."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from dosing_tui.config.alarm_limits import get_max_shelving
from dosing_tui.domain.alarms.tank_refill import REFILL_RULE, create_refill_entries
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.errors import AlarmCommandError
from dosing_tui.tui.alarms import alarm_actions
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.dialogs.refill_dialog import RefillDialog, RefillInput

MAX_GRACE_PERIOD = timedelta(hours=1)
"""The station publishes the new level within it, unless the site shelves for less."""
STORED_LOCALLY = "Kept on this machine until the database is back."


@dataclass
class RefillStored(QueryResult[bool]):
    """The value is as in ``AlarmActionStored``."""

    refill: RefillInput


class RefillController(Controller):
    """Has no state of its own."""

    def open_refill_dialog(self, selection: InventoryLevel | None) -> None:
        """For the selected tank, else for the emptiest."""
        tanks = self.services.get_snapshot().levels
        if not tanks:
            self.host.show_message("No tank level received yet.")
            return
        dialog = RefillDialog(
            self.host.terminal_theme,
            tanks,
            tank_index=_find_tank_index(tanks, selection),
            name=self.services.operator.name,
            grace_period=min(MAX_GRACE_PERIOD, self._max_shelving),
        )
        self.open_dialog(dialog, self._submit_refill)

    @property
    def _max_shelving(self) -> timedelta:
        return get_max_shelving(self.services.settings, REFILL_RULE.priority)

    def _submit_refill(self, refill: RefillInput) -> None:
        alarms = alarm_actions.index_alarms(self.services.get_alarms())
        try:
            entries = create_refill_entries(
                {key: view.state for key, view in alarms.items()},
                self.services.operator.build_command_context(refill.name),
                device=refill.tank.device_id,
                chemical=refill.tank.chemical,
                grams=refill.grams,
                level_timeout=min(MAX_GRACE_PERIOD, self._max_shelving),
                max_duration=self._max_shelving,
            )
        except AlarmCommandError as error:
            self.host.show_message(str(error))
            return
        self.services.workers.submit(
            partial(self.services.source.append_entries, entries),
            partial(RefillStored, refill=refill),
            Lane.JOURNAL,
        )

    def confirm_refill(self, result: RefillStored) -> None:
        if result.error:
            self.host.show_message(f"Action failed: {result.error}")
            return
        tank, grams = result.refill.tank, result.refill.grams
        amount = "" if grams is None else f" to {grams:g} g"
        note = "" if result.value else f" {STORED_LOCALLY}"
        self.host.show_message(f"Refilled{amount}: {tank.chemical} ({tank.device_id}).{note}")


def _find_tank_index(tanks: tuple[InventoryLevel, ...], selection: InventoryLevel | None) -> int:
    """The selected tank, which may have a newer level; the emptiest where none is selected."""
    chosen = selection and (selection.device_id, selection.chemical)
    fill_levels = [100.0 if tank.percent_full is None else tank.percent_full for tank in tanks]
    emptiest = fill_levels.index(min(fill_levels))
    return next((n for n, tank in enumerate(tanks) if (tank.device_id, tank.chemical) == chosen), emptiest)
