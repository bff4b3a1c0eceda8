"""Runs the components for the current role: collector, standby or viewer; drains an orphaned spool."""

import time

from dosing_tui.collector.alarms.outbox_fence import fence_standby
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.context.local_state import (
    clear_collector_marker,
    get_spool_folder,
    get_spool_mtime,
    is_last_collector,
    set_collector_marker,
)
from dosing_tui.collector.leader import Leader, SpoolDrainer
from dosing_tui.collector.viewer import Viewer
from dosing_tui.errors import SpoolError
from dosing_tui.live_snapshot import DatabasePart, Role


class RoleRuntime:
    """Starts and stops leader, viewer and spool drainer. For one thread."""

    def __init__(self, context: CollectorContext) -> None:
        self._context = context
        self._status = context.status
        self._spool_folder = get_spool_folder(context.settings)
        self._leader: Leader | None = None
        self._viewer: Viewer | None = None
        self._drainer: SpoolDrainer | None = None
        self._next_orphan_check = 0.0
        self._empty_spool_mtime: int | None = None
        self._spool_fault = ""
        """Why this process, although elected, does not collect; '' otherwise."""

    @property
    def is_collecting(self) -> bool:
        return self._leader is not None

    @property
    def has_client_id_conflict(self) -> bool:
        """Another MQTT client uses the collector's client ID."""
        return self._leader is not None and self._leader.has_client_id_conflict

    @property
    def is_last_collector(self) -> bool:
        """A process of this machine was the site's last collector."""
        return is_last_collector(self._spool_folder)

    def switch_to(self, role: Role) -> Role:
        """Switch to the role, or keep it running. Returns the actual role.

        Raises: BrokerError when a TLS file or the host's name cannot be used.
        """
        earlier_fault, self._spool_fault = self._spool_fault, ""
        if role is not Role.COLLECTOR:
            self._become_viewer(role)
        elif self._leader:
            role = self._check_leader(self._leader)
        else:
            role = self._start_leader()
        self._status.set_role(role)
        if earlier_fault or self._spool_fault:
            self._status.set_database_fault(DatabasePart.COLLECTOR, self._spool_fault)
        return role

    def stop(self) -> None:
        """Stop everything; wait at most ``drain_timeout_s`` until the spool is in the database."""
        self._stop_viewer()
        self._stop_drainer()
        self._stop_leader()

    def _start_leader(self) -> Role:
        """Start the leader; without a usable spool, a viewer. Returns the actual role."""
        self._stop_drainer()
        try:
            self._leader = Leader(self._context)
        except SpoolError as error:
            self._status.set_notice("spool", f"{error} Nothing is collected here.")
            self._spool_fault = f"{error} Messages wait at the broker; no alarm is evaluated."
            self._start_viewer()
            return Role.UNDECIDED
        self._stop_viewer()
        self._status.set_notice("spool", "")
        set_collector_marker(self._spool_folder)
        return Role.COLLECTOR

    def _check_leader(self, leader: Leader) -> Role:
        """Keep the leader, or start another with a spool that can be used. Returns the actual role."""
        try:
            leader.check_spool_space()
        except SpoolError as error:
            self._status.report_once(str(error))
            self._stop_leader()
            return self._start_leader()
        return Role.COLLECTOR

    def _become_viewer(self, role: Role) -> None:
        self._stop_leader()
        self._start_viewer()
        if role is Role.STANDBY:
            self._drain_orphan_spool()

    def _drain_orphan_spool(self) -> None:
        """Write the orphaned spool of this machine; another machine collects now."""
        if self._drainer and self._drainer.is_empty:
            self._stop_drainer()
        if self._drainer or time.monotonic() < self._next_orphan_check:
            return
        self._next_orphan_check = time.monotonic() + self._context.intervals.orphan_check_s
        if get_spool_mtime(self._spool_folder) == self._empty_spool_mtime:
            return
        try:
            self._drainer = SpoolDrainer(self._context, fence_standby)
        except SpoolError:
            return  # the owner of the spool writes it
        if not self._drainer.is_empty:
            self._drainer.start()
        clear_collector_marker(self._spool_folder)

    def _stop_drainer(self) -> None:
        if self._drainer:
            is_empty = self._drainer.is_empty
            self._drainer.stop()
            self._drainer = None
            self._empty_spool_mtime = get_spool_mtime(self._spool_folder) if is_empty else None

    def _start_viewer(self) -> None:
        if self._viewer is None:
            viewer = Viewer(self._context)
            viewer.start()
            self._viewer = viewer

    def _stop_viewer(self) -> None:
        if self._viewer:
            self._viewer.stop()
            self._viewer = None

    def _stop_leader(self) -> None:
        if self._leader:
            self._leader.stop(drain_timeout_s=self._context.intervals.drain_timeout_s)
            self._leader = None
