"""The leader: broker to spool to database, alarms and notifications of the site."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from dosing_tui.collector.alarms.alarm_service import AlarmService
from dosing_tui.collector.alarms.evaluation_input import SpoolFill
from dosing_tui.collector.alarms.journal_outbox import JournalOutbox, open_outbox
from dosing_tui.collector.alarms.outbox_fence import OutboxFence, fence_leader, join_election
from dosing_tui.collector.alarms.outbox_sender import OutboxSender
from dosing_tui.collector.audit_anchors import AnchorPublisher
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.collector.notifications.database_outage import OutageNotifier
from dosing_tui.collector.notifications.dispatcher import NotificationDispatcher
from dosing_tui.collector.pipeline.batch_rebuilder import BatchRebuilder
from dosing_tui.collector.pipeline.database_writer import DatabaseWriter
from dosing_tui.collector.pipeline.lock_watchdog import LockWatchdog
from dosing_tui.collector.pipeline.receive_buffer import ReceiveBuffer
from dosing_tui.collector.pipeline.receiver import MessageReceiver
from dosing_tui.collector.pipeline.session_watch import SessionWatch
from dosing_tui.collector.presence.counter_file import save_counters, take_counters
from dosing_tui.collector.presence.presence_recorder import PresenceRecorder
from dosing_tui.collector.presence.station_intake import BrokerDelivery, StationIntake
from dosing_tui.collector.spool.spool import Spool
from dosing_tui.collector.viewer import Viewer
from dosing_tui.config.settings import Settings
from dosing_tui.errors import DamagedSpoolError, SpoolError
from dosing_tui.mqtt.client_id_conflict import ClientIdSharing
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.subscriber import Subscriber

MAX_WRITER_BACKLOG = 1_000
"""The writer is behind when more than this number of readings is spooled."""
SPOOL_FULL_TEXT = "Nothing is collected until the spool has room; the broker queues the messages."


def build_client_id(settings: Settings) -> str:
    """MQTT client ID of the site's collector. The broker queues for it while no process collects."""
    return f"dosing-tui-collector-{settings.plant.site}"


class IngestPipeline:
    """Broker to spool, until it is stopped or the spool fails."""

    def __init__(
        self,
        spool: Spool,
        context: CollectorContext,
        alarms: AlarmService,
        stations: StationIntake,
        session_watch: SessionWatch,
        unstored: Sequence[ReceivedMessage] = (),
    ) -> None:
        """``unstored``: what an earlier pipeline received, and the broker does not send again."""
        self._buffer = buffer = ReceiveBuffer()
        buffer.put_messages(unstored)
        self.subscriber = Subscriber(
            context.settings.mqtt,
            client_id=build_client_id(context.settings),
            persistent=True,
            on_messages=buffer.put_messages,
            on_link=context.status.set_broker_link,
            on_refused_topics=context.live_state.set_refused_topics,
            clock=context.clock,
            may_connect=context.database.is_leader_confirmed,
            session=spool.session,
            on_new_session=session_watch.begin_session,
        )
        self.receiver = MessageReceiver(
            buffer, spool, self.subscriber, context, alarms=alarms, stations=stations
        )

    def start(self) -> None:
        """Raises: BrokerError when a TLS file or the host's name cannot be used."""
        self.subscriber.start()
        self.receiver.start()

    def stop(self) -> None:
        self.receiver.stop()
        self.subscriber.stop()

    def take_unstored(self) -> list[ReceivedMessage]:
        """After ``stop``: messages of QoS 0 that were received, but not stored."""
        return self._buffer.take_unrepeated()


class SpoolDrainer:
    """Writes the spool and outbox of this machine to the database: the leader's own, or an ended process's.

    Raises: SpoolError when another process of this machine owns the spool, or when it cannot be used.
    """

    def __init__(
        self, context: CollectorContext, fence: Callable[[JournalOutbox, CollectorContext], OutboxFence]
    ) -> None:
        folder = get_spool_folder(context.settings)
        self.spool = Spool(
            folder,
            max_mb=context.settings.collector.spool_max_mb,
            publish_counts=context.live_state.set_message_counts,
            report=partial(context.status.set_notice, "damage"),
        )
        try:
            self.outbox = open_outbox(folder, context.status.report_once)
        except BaseException:
            self.spool.close()
            raise
        self.writer = DatabaseWriter(self.spool, context)
        self._outbox_sender = OutboxSender(self.outbox, context, fence(self.outbox, context))

    @property
    def is_empty(self) -> bool:
        return not self.spool.counts.spooled and not self.outbox.list_pending(1)

    def start(self) -> None:
        self.writer.start()
        self._outbox_sender.start()

    def stop(self, *, drain_timeout_s: float = 0) -> None:
        """Each file is closed when its thread has ended, however long that waits for the database."""
        self._outbox_sender.stop()
        self._outbox_sender.call_at_end(self.outbox.close)
        self.writer.stop(drain_timeout_s=drain_timeout_s)
        self.writer.call_at_end(self.spool.close)


class Leader:
    """Runs all parts of the collecting process. Raises: SpoolError, BrokerError."""

    def __init__(self, context: CollectorContext) -> None:
        self._context = context
        self._is_intake_stopped = False
        self._unstored: list[ReceivedMessage] = []
        self._stations = StationIntake(context.settings.mqtt)
        with ExitStack() as opened:
            self._drainer = SpoolDrainer(context, fence_leader)
            opened.callback(self._drainer.stop)
            self._check_room()
            self._epoch = context.database.get_leader_epoch()
            self._drainer.spool.join_election(self._epoch)
            join_election(self._drainer.outbox, self._epoch, context.status)
            saved = take_counters(get_spool_folder(context.settings), self._epoch)
            self._stations.restore_runs(saved, context.clock())
            self._alarm_service = AlarmService(
                context, outbox=self._drainer.outbox, measure_spool=self._measure_spool
            )
            self._session_watch = SessionWatch(self._drainer.spool, context)
            self._intake = self._create_pipeline()
            self._alarm_service.start()
            opened.callback(self._alarm_service.stop)
            self._intake.start()
            opened.pop_all()
        writer = self._drainer.writer
        self._batch_rebuilder = BatchRebuilder(
            context, writer.schema_ready, writer.events_stored, is_writer_behind=self._is_writer_behind
        )
        self._outage_notifier = OutageNotifier(context, self._drainer.outbox)
        self._dispatcher = NotificationDispatcher(context, self._outage_notifier)
        self._anchor_publisher = AnchorPublisher(context)
        self._presence_recorder = PresenceRecorder(
            self._stations, context, on_losses=self._alarm_service.on_readings,
            is_schema_ready=writer.schema_ready.is_set, get_delivery=self._get_delivery,
        )  # fmt: skip
        self._lock_watchdog = LockWatchdog(context)
        for part in (
            self._drainer, self._batch_rebuilder, self._outage_notifier, self._dispatcher,
            self._anchor_publisher, self._presence_recorder, self._lock_watchdog,
        ):  # fmt: skip
            part.start()

    @property
    def has_client_id_conflict(self) -> bool:
        """Another MQTT client uses the collector's client ID."""
        return isinstance(self._intake, IngestPipeline) and self._intake.subscriber.has_client_id_conflict

    def _get_delivery(self) -> BrokerDelivery:
        intake = self._intake
        if not isinstance(intake, IngestPipeline):
            return BrokerDelivery(is_withholding=True)
        return BrokerDelivery(intake.subscriber.client_id_sharing, bool(intake.subscriber.withheld))

    def check_spool_space(self) -> None:
        """Pause the intake while the spool is full; meanwhile show messages only, and the broker queues.

        Raises: SpoolError when this process cannot collect, and another one may.
        """
        self._check_election()
        self._session_watch.end_old_notice()
        if self._drainer.spool.is_damaged:
            raise DamagedSpoolError("The spool is damaged; it is reopened.")
        if isinstance(self._intake, IngestPipeline):
            if reason := self._intake.receiver.stop_reason:
                self._context.status.set_notice("held", f"{reason} {SPOOL_FULL_TEXT}")
                self._is_intake_stopped = True
                self._switch_intake(Viewer(self._context, show_alarms=False))
        elif self._drainer.spool.has_room():
            self._context.status.set_notice("held", "")
            self._is_intake_stopped = False
            self._switch_intake(self._create_pipeline())
        else:
            self._check_room()

    def stop(self, *, drain_timeout_s: float) -> None:
        self._intake.stop()
        self._context.status.set_notice("held", "")
        self._session_watch.end_notice()
        self._presence_recorder.stop()
        save_counters(get_spool_folder(self._context.settings), self._epoch, self._stations.save_runs())
        self._alarm_service.stop()
        self._outage_notifier.stop()
        self._anchor_publisher.stop()
        self._dispatcher.stop()
        self._drainer.stop(drain_timeout_s=drain_timeout_s)
        self._lock_watchdog.stop()
        self._batch_rebuilder.stop()

    def _check_election(self) -> None:
        """Join an election that was won after the start. Raises: SpoolError when its alarms are outdated."""
        epoch, outbox = self._context.database.get_leader_epoch(), self._drainer.outbox
        if epoch is not None and not outbox.is_successor(epoch):
            raise SpoolError("Another process has collected meanwhile: the alarms here are evaluated again.")
        join_election(outbox, epoch, self._context.status)

    def _check_room(self) -> None:
        """Raises: SpoolError when there is no room, and nothing in the spool that could leave it."""
        spool = self._drainer.spool
        if not spool.counts.spooled and not spool.has_room():
            folder = get_spool_folder(self._context.settings)
            raise SpoolError(f"No room for the spool, and nothing that could leave it ({folder}).")

    def _create_pipeline(self) -> IngestPipeline | Viewer:
        return IngestPipeline(
            self._drainer.spool, self._context, self._alarm_service, self._stations, self._session_watch,
            self._unstored,
        )  # fmt: skip

    def _is_writer_behind(self) -> bool:
        return self._drainer.spool.counts.spooled > MAX_WRITER_BACKLOG

    def _measure_spool(self) -> SpoolFill:
        spool = self._drainer.spool
        oldest_at = spool.find_oldest_time() if spool.counts.spooled else None
        is_shared = self._get_delivery().sharing is not ClientIdSharing.NONE
        return SpoolFill(spool.measure_fill(), oldest_at, self._is_intake_stopped, is_shared)

    def _switch_intake(self, intake: IngestPipeline | Viewer) -> None:
        self._intake.stop()
        self._unstored = self._intake.take_unstored() if isinstance(self._intake, IngestPipeline) else []
        intake.start()
        self._intake = intake
