"""The log of pumps and scales at the console: asks what was done, and stores it."""

from collections.abc import Sequence
from functools import partial

from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceEntry
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult


class ServiceStored(EntryResult[ServiceEntry]):
    """The entry as the database has it."""

    failure = "Not entered"


class ServiceController(Controller):
    """Has no state of its own."""

    def open_service_dialog(self, rows: Sequence[PumpCapability], selection: PumpCapability | None) -> None:
        """For the selected pump of these rows."""
        if not rows:
            self.host.show_message("The list has no pump. Enter the work with dosing-tui pumps log.")
            return
        parts = list_parts(rows)
        chosen = selection or rows[0]
        part = lazy_screens.PumpPart(chosen.device_id, chosen.pump)
        dialog = lazy_screens.ServiceDialog(
            self.host.terminal_theme, parts, part_index=parts.index(part), name=self.services.operator.name,
            clock=self.services.clock, zone=self.services.zone,
        )  # fmt: skip
        self.open_form(dialog, "service", self._submit_entry)

    def _submit_entry(self, draft: ServiceDraft, entry: Entry) -> None:
        enter = partial(self.services.source.records.enter_service, draft)
        self.services.workers.submit(enter, partial(ServiceStored, entry=entry), Lane.JOURNAL)

    def confirm_entry(self, result: ServiceStored) -> None:
        """Say that it is stored; the figures may start again."""
        entry = result.value
        assert entry is not None, "it is stored"
        mean = "" if entry.mean_g is None else f", mean {number_format.format_decimal(entry.mean_g, 2)} g"
        self.host.show_message(f"Entered: {entry.kind}, {entry.part} of {entry.device_id}{mean}.")
        self.host.refresh_data()


def list_parts(rows: Sequence[PumpCapability]) -> "list[lazy_screens.PumpPart]":
    """The pumps of these rows by station, each station's scale behind them."""
    pumps = sorted({(row.device_id, row.pump) for row in rows})
    stations = dict.fromkeys(device for device, _ in pumps)
    return [
        part
        for station in stations
        for part in (
            *(lazy_screens.PumpPart(device, pump) for device, pump in pumps if device == station),
            lazy_screens.PumpPart(station, None),
        )
    ]
