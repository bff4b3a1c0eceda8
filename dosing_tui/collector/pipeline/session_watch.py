"""Says that the broker has lost the collector's session, and with it the messages queued there."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.spool.spool import Spool
from dosing_tui.domain.quantities.set_back_clock import is_due

NOTICE = "session"
SESSION_LOST_TEXT = (
    "the broker had lost the collector's session: what stations sent while this program was not connected to "
    "it may be lost. See that the broker keeps sessions on disk, and that no other client has this client ID."
)
SHOWN_FOR = timedelta(hours=1)


class SessionWatch:
    """``begin_session`` is called by the network thread, the others by the leader's."""

    def __init__(self, spool: Spool, context: CollectorContext) -> None:
        self._spool, self._context = spool, context
        self._zone = ZoneInfo(context.settings.plant.timezone)
        self._lost_at: datetime | None = None

    def begin_session(self) -> int:
        """The number of a new session. Before the first reading of a spool there was none to be lost."""
        if self._spool.counts.received:
            self._lost_at = self._context.clock()
            at = self._lost_at.astimezone(self._zone)
            self._context.status.set_notice(NOTICE, f"At {at:%H:%M:%S} {SESSION_LOST_TEXT}")
        return self._spool.begin_session()

    def end_old_notice(self) -> None:
        """After a while: the log has it."""
        if self._lost_at is not None and is_due(self._lost_at, self._context.clock(), SHOWN_FOR):
            self.end_notice()

    def end_notice(self) -> None:
        self._lost_at = None
        self._context.status.set_notice(NOTICE, "")
