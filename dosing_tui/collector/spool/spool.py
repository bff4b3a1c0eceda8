"""The spool for the collector's threads: messages in, chunks out, message counts always reconciled."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from dosing_tui.collector.spool import spool_schema
from dosing_tui.collector.spool.redelivery_filter import (
    MAX_FINGERPRINTS,
    MessageFingerprint,
    RedeliveryFilter,
    is_possible_repeat,
)
from dosing_tui.collector.spool.spool_codec import decode_items, encode_items
from dosing_tui.collector.spool.spool_file import SpoolFile, SpoolRow
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.domain.messages.models import ParsedItem, Rejection
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import SpoolError
from dosing_tui.live_snapshot import MessageCounts

log = logging.getLogger(__name__)

BYTES_PER_FINGERPRINT = 80
FINGERPRINT_SHARE = 4
"""Fingerprints take at most a quarter of a small spool."""

MAX_CACHE_MESSAGES = 2_000
"""Messages whose items stay in memory, so that the writer need not decode their text; 1.5 KB each."""

MAX_UNSAVED_MESSAGES = 200
"""Stored messages that stay in the file until the next ones come, to be deleted in their transaction."""

SpoolMessage = tuple[int, tuple[ParsedItem, ...]]


class ParsedMessage(NamedTuple):
    """One message's items and its fingerprint."""

    items: tuple[ParsedItem, ...]
    fingerprint: MessageFingerprint


class Spool:
    """One thread appends, one reads. ``publish_counts`` gets the message counts on each change, in order.

    Raises: SpoolError when another process owns the spool, or when it cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_mb: int,
        publish_counts: Callable[[MessageCounts], None],
        report: Callable[[str], None] = log.warning,
    ) -> None:
        """``report`` gets a sentence when the file is damaged."""
        self._file = SpoolFile(folder, max_mb=max_mb, report=report)
        self._report = report
        self._publish_counts = publish_counts
        self._condition = threading.Condition()
        self._max_fingerprints = min(
            MAX_FINGERPRINTS, max_mb * 1024 * 1024 // FINGERPRINT_SHARE // BYTES_PER_FINGERPRINT
        )
        self._chunk_start = time.monotonic()
        self._is_flushing = False
        self._awaited_items = 0
        """Spooled items for which ``wait_for_chunk`` waits; fewer wake it only by the end of its time."""
        self._is_wake_due = False
        self._unread: deque[SpoolMessage] = deque()
        """Appended messages that nobody has read yet, with gaps above MAX_CACHE_MESSAGES."""
        self.counts = MessageCounts()
        self.progress = self._saved_progress = WriteProgress()
        """The progress that the database last confirmed, and that in the file."""
        self.broker_drop_count: int | None = None
        """The broker's last reported count of dropped messages; None if it never reported one."""
        self._load_state()

    def save_drop_count(self, count: int) -> None:
        self._file.save_drop_count(count)
        self.broker_drop_count = count

    def load_redelivery_filter(self) -> RedeliveryFilter:
        """The filter with what this process and earlier ones received."""
        return RedeliveryFilter(self._file.read_history(), limit=self._max_fingerprints)

    def begin_session(self) -> int:
        """The number of a new session of the broker, on disk on return. Raises: SpoolError."""
        session = spool_schema.create_session()
        self._file.save_session(session)
        self.session = session
        return session

    def join_election(self, epoch: int | None) -> None:
        """Begin a new record of the broker's session if another process may have received in it.

        ``epoch``: number of this process's election; None if it is unknown. Raises: SpoolError.
        """
        last = self._file.read_state().epoch
        if epoch is None or epoch == last:
            return
        if last and epoch != last + 1:
            self.begin_session()
        self._file.save_epoch(epoch)

    def append_messages(self, messages: Sequence[ParsedMessage], *, expire_before: int) -> None:
        """Append all messages or none; they are on disk on return. ``wake_reader`` has to follow.

        Raises: SpoolError.
        """
        encoded = [(encode_items(each.items).encode(), len(each.items)) for each in messages]
        fingerprints = [each.fingerprint for each in messages]
        item_count = sum(count for _, count in encoded)
        repeats = sum(is_possible_repeat(item) for each in messages for item in each.items)
        with self._condition:
            last_seq = self._file.append_messages(
                encoded, fingerprints, expire_before=expire_before, possible_repeats=repeats,
                confirmed=self.progress if self.has_unsaved_progress else None,
            )  # fmt: skip
            self._saved_progress = self.progress
            was_empty = not self.counts.spooled
            if was_empty:
                self._unread.clear()  # of what the database had already, and nobody read here
                self._chunk_start = time.monotonic()
            room = max(0, MAX_CACHE_MESSAGES - len(self._unread))
            first_seq = last_seq - len(messages) + 1
            self._unread.extend((seq, each.items) for seq, each in enumerate(messages[:room], first_seq))
            self._update_counts(
                received=self.counts.received + item_count,
                spooled=self.counts.spooled + item_count,
                possible_repeats=self.counts.possible_repeats + repeats,
            )
            self._is_wake_due |= was_empty or self.counts.spooled >= self._awaited_items

    def wake_reader(self) -> None:
        """Have ``wait_for_chunk`` return for what was appended.

        Apart from ``append_messages``: until the receiver has acknowledged, the reader would only take
        Python's lock from it.
        """
        with self._condition:
            if self._is_wake_due:
                self._is_wake_due = False
                self._condition.notify_all()

    def wait_for_chunk(self, min_items: int, wait_s: float, *, idle_s: float) -> bool:
        """Wait until ``min_items`` are spooled, or the oldest has waited for ``wait_s``.

        False if nothing is spooled after ``idle_s``, or at once after ``request_flush``.
        """
        until = time.monotonic() + idle_s
        with self._condition:
            self._awaited_items = min_items
            while not self._is_flushing:
                now = time.monotonic()
                due = self._chunk_start + wait_s if self.counts.spooled else until
                if self.counts.spooled >= min_items or now >= due:
                    break
                self._condition.wait(due - now)
            return bool(self.counts.spooled)

    def request_flush(self) -> None:
        """Shutting down: write what there is without waiting for a full chunk."""
        with self._condition:
            self._is_flushing = True
            self._condition.notify_all()

    def wait_until_empty(self, timeout_s: float) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: not self.counts.spooled, timeout_s)

    def read_chunk(self, max_items: int) -> list[SpoolMessage]:
        """The oldest messages, with at most ``max_items`` items in all, but at least one message.

        A damaged one is a rejection with its bytes. Empty if the file has lost the spooled messages.
        """
        with self._condition:
            self._chunk_start = time.monotonic()
            if unread := self._take_unread(max_items):
                return unread
            stored = self._file.read_messages(after=self.progress.last_seq, limit=max_items)
            known = dict(self._unread)
            if not stored and self.counts.spooled:
                self._drop_lost_messages()
        rows: list[SpoolMessage] = []
        for row in stored:
            items = known.get(row.seq) or self._decode_row(row)
            max_items -= len(items)
            if rows and max_items < 0:
                break
            rows.append((row.seq, items))
        return rows

    def _take_unread(self, max_items: int) -> list[SpoolMessage]:
        """The oldest messages that are still in memory; empty if older ones are only in the file."""
        unread, next_seq = self._unread, self.progress.last_seq + 1
        while unread and unread[0][0] < next_seq:
            unread.popleft()
        taken: list[SpoolMessage] = []
        while unread and unread[0][0] == next_seq + len(taken):
            max_items -= len(unread[0][1])
            if taken and max_items < 0:
                break
            taken.append(unread.popleft())
        return taken

    def confirm_progress(self, progress: WriteProgress) -> None:
        """Remove the messages that the database has, up to ``progress``: of few, later from the file.

        The next messages or ``save_progress`` delete them there. A process that ends before finds them again,
        and the progress in the database.
        Raises: SpoolError when the file cannot be changed now; the message counts are correct anyway.
        """
        with self._condition:
            self.progress = progress
            self._update_counts(**_count_results(progress, self.counts.received))
            self._condition.notify_all()
            if progress.last_seq - self._saved_progress.last_seq >= MAX_UNSAVED_MESSAGES:
                self.save_progress()

    @property
    def has_unsaved_progress(self) -> bool:
        """The file still holds messages that the database has."""
        return self.progress != self._saved_progress

    def save_progress(self) -> None:
        """Delete from the file what the database has. Raises: SpoolError when it cannot be changed now."""
        with self._condition:
            if self.has_unsaved_progress:
                self._file.confirm_progress(self.progress)
                self._saved_progress = self.progress

    def reset_counters(self) -> None:
        """Restart the counts with the spooled messages: the database has no record of this spool."""
        with self._condition:
            self.save_progress()
            self._file.reset_counters()
            self._load_state()

    def measure_fill(self) -> float:
        return self._file.measure_fill()

    @property
    def is_damaged(self) -> bool:
        """The file is no longer usable: it has to be reopened."""
        return self._file.is_damaged

    def find_oldest_time(self) -> datetime | None:
        """Time of receipt of the oldest spooled reading; None if the spool is empty."""
        for row in self._file.read_messages(after=self.progress.last_seq, limit=1):
            with suppress(SpoolError, IndexError):
                return decode_items(row.content)[0].received_at
        return None

    def has_room(self) -> bool:
        try:
            self.save_progress()
        except SpoolError:
            return False
        return self._file.has_room()

    def close(self) -> None:
        with suppress(SpoolError):  # the database has the progress as well
            self.save_progress()
        self._file.close()

    def _decode_row(self, row: SpoolRow) -> tuple[ParsedItem, ...]:
        reason = "its checksum is wrong"
        if not row.is_damaged:
            try:
                return decode_items(row.content)
            except SpoolError as error:
                reason = str(error)
        self._report(
            f"Message {row.seq} of the spool is damaged ({reason.removesuffix('.')}): it is not stored; "
            "rejected_messages keeps its bytes."
        )
        content = row.content if isinstance(row.content, bytes) else b""
        count = row.count if isinstance(row.count, int) and 0 < row.count <= spool_schema.MAX_ITEMS else 1
        return (Rejection("", content, f"damaged in the spool: {reason}", datetime.now(UTC)),) * count

    def _drop_lost_messages(self) -> None:
        """The file is empty, but not all that was received has a result: it was damaged."""
        lost = self.counts.spooled
        self._file.correct_received(self.counts.received - lost)
        self._update_counts(received=self.counts.received - lost, spooled=0)
        self._condition.notify_all()
        if lost > 0:
            self._report(f"The spool has lost {count_noun(lost, 'reading')}: its file was damaged.")

    def _load_state(self) -> None:
        self._unread.clear()
        state = self._file.read_state()
        self.spool_id = state.spool_id
        self.session = state.session
        """Number of the broker's last session."""
        self.progress = self._saved_progress = state.progress
        self.broker_drop_count = state.broker_drop_count
        self._update_counts(
            received=state.received,
            possible_repeats=state.possible_repeats,
            **_count_results(state.progress, state.received),
        )

    def _update_counts(self, **changes: int) -> None:
        self.counts = replace(self.counts, **changes)
        self._publish_counts(self.counts)


def _count_results(progress: WriteProgress, received: int) -> dict[str, int]:
    """What became of the received items; what has no result is spooled."""
    results = {
        "stored": progress.stored,
        "duplicates": progress.duplicates,
        "rejected": progress.rejected,
    }
    return {**results, "spooled": received - sum(results.values())}
