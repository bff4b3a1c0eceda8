"""Broker to spool to database: what the one process does that collects for its site."""

from contextlib import ExitStack

from dosing_tui.collector.alarms.alarm_service import Alarming, SpoolView
from dosing_tui.collector.alarms.journal_outbox import open_outbox
from dosing_tui.collector.alarms.outbox_sender import Sending
from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.context.local_state import spool_folder
from dosing_tui.collector.notifications.database_outage import Absence
from dosing_tui.collector.notifications.dispatcher import Notifying
from dosing_tui.collector.pipeline.batch_rebuilder import Keeping
from dosing_tui.collector.pipeline.database_writer import Writing
from dosing_tui.collector.pipeline.receive_buffer import Inbox
from dosing_tui.collector.pipeline.receiver import Receiving
from dosing_tui.collector.pipeline.spool import Spool
from dosing_tui.collector.viewer import Watching
from dosing_tui.config.settings import Settings
from dosing_tui.mqtt.subscriber import Subscriber

BEHIND = 2
"""The writer is behind with more than so many batches spooled."""
HELD = "Nothing is collected until there is room; the broker queues."


def open_spool(around: Surroundings) -> Spool:
    """Raises: SpoolError when another process of this machine has it, or when it cannot be used."""
    settings = around.settings
    return Spool(
        spool_folder(settings), max_mb=settings.collector.spool_max_mb, publish=around.live.set_books
    )


def client_id(settings: Settings) -> str:
    """The site's one name at the broker, which queues under it while nobody collects."""
    return f"dosing-tui-collector-{settings.plant.site}"


class Listening:
    """Broker to spool, until it is stopped or the spool takes no more."""

    def __init__(self, spool: Spool, around: Surroundings, alarms: Alarming) -> None:
        inbox = Inbox()
        self._subscriber = Subscriber(
            around.settings.mqtt,
            client_id=client_id(around.settings),
            persistent=True,
            on_delivery=inbox.put,
            on_link=around.status.broker,
            clock=around.clock,
        )
        self._receiving = Receiving(inbox, spool, self._subscriber, around, alarms=alarms)

    @property
    def held(self) -> str:
        """Why the spool takes no more; '' while it does."""
        return self._receiving.held

    @property
    def contested(self) -> bool:
        return self._subscriber.contested

    def start(self) -> None:
        """Raises: BrokerError when a TLS file or the host's name cannot be used."""
        self._subscriber.start()
        self._receiving.start()

    def stop(self) -> None:
        self._receiving.stop()
        self._subscriber.stop()


class Collecting:
    """Raises: SpoolError as ``open_spool`` does; BrokerError as ``Listening.start`` does."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        with ExitStack() as opened:
            self._spool = open_spool(around)
            opened.callback(self._spool.close)
            self._outbox = open_outbox(spool_folder(around.settings), around.status.say)
            opened.callback(self._outbox.close)
            self._alarms = Alarming(around, outbox=self._outbox, spool=self._spool_view)
            self._alarms.start()
            opened.callback(self._alarms.stop)
            self._activity: Listening | Watching = Listening(self._spool, around, self._alarms)
            self._activity.start()
            opened.pop_all()
        self._sending = Sending(self._outbox, around)
        self._sending.start()
        self._writing = Writing(self._spool, around)
        self._writing.start()
        self._keeping = Keeping(around, self._writing.prepared, behind=self._behind)
        self._keeping.start()
        self._absence = Absence(around, self._outbox)
        self._absence.start()
        self._notifying = Notifying(around, hand_over=self._absence.hand_over)
        self._notifying.start()

    @property
    def contested(self) -> bool:
        """Another program uses the collector's client id."""
        return isinstance(self._activity, Listening) and self._activity.contested

    def tend(self) -> None:
        """Stop listening while the spool takes no more, and only watch; the broker queues meanwhile."""
        if isinstance(self._activity, Listening):
            if held := self._activity.held:
                self._around.status.notice("held", f"{held} {HELD}")
                self._switch(Watching(self._around, mirror=False))
        elif self._spool.has_room():
            self._around.status.notice("held", "")
            self._switch(Listening(self._spool, self._around, self._alarms))

    def stop(self, *, drain_s: float) -> None:
        self._activity.stop()
        self._around.status.notice("held", "")
        self._alarms.stop()
        self._absence.stop()
        sent = self._sending.stop()
        self._notifying.stop()
        if sent:
            self._outbox.close()
        if self._writing.stop(drain_s=drain_s):
            self._spool.close()
        self._keeping.stop()

    def _behind(self) -> bool:
        return self._spool.books.spooled > BEHIND * self._around.settings.collector.batch_rows

    def _spool_view(self) -> SpoolView:
        oldest = self._spool.oldest() if self._spool.books.spooled else None
        return SpoolView(self._spool.percent_full(), oldest)

    def _switch(self, activity: Listening | Watching) -> None:
        self._activity.stop()
        activity.start()
        self._activity = activity


class Draining:
    """Spool to database and nothing else: what a process of this machine left behind.

    Raises: SpoolError as ``open_spool`` does.
    """

    def __init__(self, around: Surroundings) -> None:
        with ExitStack() as opened:
            self._spool = open_spool(around)
            opened.callback(self._spool.close)
            self._outbox = open_outbox(spool_folder(around.settings), around.status.say)
            opened.pop_all()
        self._writing: Writing | None = None
        self._sending: Sending | None = None
        if self._spool.books.spooled:
            self._writing = Writing(self._spool, around)
            self._writing.start()
        if self._outbox.waiting(1):
            self._sending = Sending(self._outbox, around)
            self._sending.start()

    @property
    def done(self) -> bool:
        return not self._spool.books.spooled and not self._outbox.waiting(1)

    def stop(self) -> None:
        if self._sending is None or self._sending.stop():
            self._outbox.close()
        if self._writing is None or self._writing.stop(drain_s=0):
            self._spool.close()
