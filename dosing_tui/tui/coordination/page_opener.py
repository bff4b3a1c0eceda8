"""Opens pages and dialogs above the dashboard, for what is selected there."""

from dataclasses import dataclass
from functools import partial

from dosing_tui.domain.labels.station_labels import label_stations_compactly
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.controllers.screen_host import ConsoleServices, ScreenHost
from dosing_tui.tui.coordination.console_controllers import ConsoleControllers
from dosing_tui.tui.data.query_workers import Lane, QueryWorkers
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.widgets.messages import PumpChosen


@dataclass(eq=False)
class PageOpener:
    """One method for each key or click."""

    services: ConsoleServices
    host: ScreenHost
    controllers: ConsoleControllers
    workers: QueryWorkers

    def open_doctor(self) -> None:
        services = self.services
        run_checks = partial(lazy_screens.run_checks, services.settings)
        page = lazy_screens.DoctorScreen(
            self.host.terminal_theme, services.hints[FooterMode.DOCTOR],
            content=lazy_screens.DoctorPage(run_checks, services.zone),
            submit=partial(self.workers.submit_job, lane=Lane.DOCTOR),
        )  # fmt: skip
        self.host.push_screen(page)

    def open_maintenance(self) -> None:
        services = self.services
        read = partial(lazy_screens.read_status_once, services.settings)
        page = lazy_screens.MaintenanceScreen(
            self.host.terminal_theme, services.hints[FooterMode.MAINTENANCE],
            content=lazy_screens.MaintenancePage(read, services.clock, services.zone),
            submit=partial(self.workers.submit_job, lane=Lane.MAINTENANCE),
        )  # fmt: skip
        self.host.push_screen(page)

    def open_lots(self) -> None:
        """Of the batch at the cursor of the batch screen; else those in tanks and in store."""
        services = self.services
        devices = [device for device, _ in services.get_snapshot().device_last_seen]
        stations = label_stations_compactly(devices, services.settings.short_names)
        batches = self.controllers.reviews.screen
        row = None if batches is None else batches.selected_row
        page = lazy_screens.LotScreen(
            self.host.terminal_theme, services.hints[FooterMode.LOTS],
            lazy_screens.LotQueries(services.settings), lazy_screens.LotListContext(services.zone, stations),
            clock=services.clock, submit=self.workers.submit_job,
            batch=None if row is None else (row.batch_key, row.batch_id),
        )  # fmt: skip
        self.host.push_screen(page)

    def open_pump_chart(self, event: PumpChosen) -> None:
        if isinstance(self.host.screen, lazy_screens.PumpChartScreen):
            return  # the second of two quick presses
        services = self.services
        chart = lazy_screens.PumpChartScreen(
            self.host.terminal_theme, services.hints[FooterMode.PUMP_CHART], event.row,
            settings=services.settings, limits=services.limits, submit=self.workers.submit_job,
            read_history=partial(self.controllers.dashboard.read_pump_history, event.row),
            clock=services.clock,
        )  # fmt: skip
        self.host.push_screen(chart)

    def open_batches(self) -> None:
        """The list; after the choice of a dose with the cursor on its batch.

        From the alarm screen, which is above the batch screen, to it.
        """
        alarms, reviews, dashboard = (
            self.controllers.alarms, self.controllers.reviews, self.controllers.dashboard_screen
        )  # fmt: skip
        if self.controllers.active_screen is dashboard:
            if dashboard.refuses_lost_selection(TileId.DOSES):
                return
            if (dose := dashboard.chosen_dose) is not None:
                reviews.open_batch_at(dose.device_id, dose.time, in_list=True)
                return
        if alarms.screen is not None:
            alarms.screen.dismiss(None)
            if reviews.screen is not None:
                return
        reviews.toggle_screen()

    def open_note_dialog(self) -> None:
        """At the time of the chart's cursor."""
        self.controllers.scopes.open_note_dialog(self.controllers.dashboard_screen.cursor_time)

    def open_material_dialog(self) -> None:
        """Of the selected tank."""
        dashboard = self.controllers.dashboard_screen
        if not dashboard.refuses_lost_selection(TileId.TANK_TABLE):
            self.controllers.materials.open_material_dialog(dashboard.selected_tank)

    def open_service_dialog(self) -> None:
        """Of the selected pump."""
        dashboard = self.controllers.dashboard_screen
        if not dashboard.refuses_lost_selection(TileId.PUMP_TABLE):
            self.controllers.service_log.open_service_dialog(dashboard.pump_rows, dashboard.selected_pump)

    def open_help(self) -> None:
        """At the page of the screen in view."""
        is_on_second_page = isinstance(
            self.host.screen, lazy_screens.ShiftReportScreen | lazy_screens.ReportPage
        )
        page = int(is_on_second_page or self.controllers.active_screen is self.controllers.reviews.screen)
        self.host.push_screen(
            lazy_screens.HelpScreen(self.host.terminal_theme, self.services.keymap, page=page)
        )
