"""Whether the outbox may be journaled: only entries after which no other process was elected.

An entry of the alarm rules from before is not journaled: another process has evaluated the same plant since
then, and the journal's order decides about the alarm's state. What a person has entered is always journaled.
"""

import logging
from collections.abc import Callable, Sequence

from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.context.status import CollectorStatus
from dosing_tui.config.settings import CollectorMode
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.quantities.quantity_text import count_noun

log = logging.getLogger(__name__)

OutboxFence = Callable[[], bool]
"""Whether the entries in the outbox may be sent now. Raises: DatabaseError, SpoolError."""


def fence_leader(outbox: JournalOutbox, context: CollectorContext) -> OutboxFence:
    """Of a leader: only under the election that its outbox has joined.

    A leader of mode 'always' may be without an election; it writes as the settings say.
    """
    is_always = context.settings.collector.mode is CollectorMode.ALWAYS

    def may_send() -> bool:
        epoch = context.database.get_leader_epoch()
        return is_always if epoch is None else epoch == outbox.epoch

    return may_send


def fence_standby(outbox: JournalOutbox, context: CollectorContext) -> OutboxFence:
    """Of a standby with an ended leader's outbox: once another was elected, and without its detections.

    Before, the entries wait: this machine may be elected next.
    """

    def may_send() -> bool:
        epoch = context.database.read_lease_epoch()
        if epoch is None or epoch <= (outbox.epoch or 0):
            return False
        report_superseded(outbox.set_aside_detections(), context.status)
        return True

    return may_send


def join_election(outbox: JournalOutbox, epoch: int | None, status: CollectorStatus) -> None:
    """Before a leader uses its outbox. ``epoch``: None if it is not known yet. Raises: SpoolError."""
    if epoch is not None:
        if not outbox.is_successor(epoch):
            report_superseded(outbox.set_aside_detections(), status)
        outbox.save_epoch(epoch)


def report_superseded(entries: Sequence[JournalEntry], status: CollectorStatus) -> None:
    """Say which entries are not journaled, each in the log."""
    for entry in entries:
        log.warning(
            "not journaled, another process was elected: %s %s at %s. %s",
            entry.key.tag, entry.event, entry.at.isoformat(), entry.message,
        )  # fmt: skip
    if entries:
        status.report_once(
            f"{count_noun(len(entries), 'alarm entry', 'alarm entries')} of this machine not journaled:"
            " another process has collected since then. The log names each."
        )
