"""Entries of the material ledger; what fills a tank is in the alarm journal as well."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from dosing_tui.config.alarm_limits import get_max_shelving
from dosing_tui.config.chemical_sections import find_density
from dosing_tui.domain.alarms.tank_refill import LEVEL_TIMEOUT, REFILL_RULE, create_material_entries
from dosing_tui.domain.materials.ledger import LOT_KINDS, MaterialDraft, describe_draft
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.errors import AlarmCommandError
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.alarms import alarm_actions
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult

STORED_LOCALLY = "Kept on this machine until the database is back."


@dataclass
class MaterialStored(EntryResult[int | None]):
    """The value is the entry's number, None where it was stored before."""

    draft: MaterialDraft
    failure = "Not entered"


class LevelJumpExpected(EntryResult[bool]):
    """The value is as in ``AlarmActionStored``."""

    failure = "Entered, but the jump of its level is an alarm"


class MaterialController(Controller):
    """Has no state of its own."""

    def open_material_dialog(self, selection: InventoryLevel | None) -> None:
        """For the selected tank, else for the emptiest."""
        tanks = self.services.get_snapshot().levels
        if not tanks:
            self.host.show_message("No tank level received yet.")
            return
        settings = self.services.settings
        dialog = lazy_screens.MaterialDialog(
            self.host.terminal_theme,
            tanks,
            lazy_screens.MaterialDefaults(
                _find_tank_index(tanks, selection), self.services.clock(), self.services.operator.name
            ),
            zone=ZoneInfo(settings.plant.timezone),
            find_density=partial(find_density, settings.chemicals),
        )
        self.open_form(dialog, "material", self._submit_draft)

    def _submit_draft(self, draft: MaterialDraft, entry: Entry) -> None:
        self.services.workers.submit(
            partial(self.services.source.records.enter_material, draft),
            partial(MaterialStored, entry=entry, draft=draft),
        )

    def confirm_entry(self, result: MaterialStored) -> None:
        draft = result.draft
        if result.value is None:
            self.report_failure("material", f"Stored before, not again: {describe_draft(draft)}.")
            return
        self.host.show_message(f"Entry {result.value}: {describe_draft(draft)}.")
        is_new = self.services.clock() - draft.time <= LEVEL_TIMEOUT
        if draft.kind in LOT_KINDS and is_new:
            self._expect_level_jump(draft)

    def _expect_level_jump(self, draft: MaterialDraft) -> None:
        alarms = alarm_actions.index_alarms(self.services.get_alarms())
        try:
            entries = create_material_entries(
                {key: view.state for key, view in alarms.items()},
                self.services.operator.build_command_context(draft.operator),
                device=draft.device_id,
                chemical=draft.chemical,
                words=f"{describe_draft(draft)}.",
                added_g=draft.mass_g,
                max_duration=self._max_shelving,
            )
        except AlarmCommandError:
            return  # suppressed by design or out of service: it raises no alarm in any case
        self.services.workers.submit(
            partial(self.services.source.append_entries, entries),
            partial(LevelJumpExpected, entry=Entry("level jump")),
            Lane.JOURNAL,
        )

    @property
    def _max_shelving(self) -> timedelta:
        return get_max_shelving(self.services.settings, REFILL_RULE.priority)


def _find_tank_index(tanks: tuple[InventoryLevel, ...], selection: InventoryLevel | None) -> int:
    """The selected tank, which may have a newer level; the emptiest where none is selected."""
    chosen = selection and (selection.device_id, selection.chemical)
    fill_levels = [100.0 if tank.percent_full is None else tank.percent_full for tank in tanks]
    emptiest = fill_levels.index(min(fill_levels))
    return next((n for n, tank in enumerate(tanks) if (tank.device_id, tank.chemical) == chosen), emptiest)
