"""The spool for the collector's threads: messages in, chunks out, message counts always reconciled."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from dosing_tui.collector.pipeline.redelivery_filter import (
    MAX_FINGERPRINTS,
    MessageFingerprint,
    RedeliveryFilter,
)
from dosing_tui.collector.pipeline.spool_codec import decode_items, encode_items
from dosing_tui.collector.pipeline.spool_file import SpoolFile
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.domain.messages.models import ParsedItem
from dosing_tui.live_state import MessageCounts

BYTES_PER_FINGERPRINT = 80
FINGERPRINT_SHARE = 4
"""Fingerprints take at most a quarter of a small spool."""

MAX_CACHE_MESSAGES = 10_000
"""Messages whose items stay in memory, so that the writer need not decode their text."""

SpoolMessage = tuple[int, tuple[ParsedItem, ...]]


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """One message's items and its fingerprint."""

    items: tuple[ParsedItem, ...]
    fingerprint: MessageFingerprint


class Spool:
    """One thread appends, one reads. ``publish_counts`` gets the message counts on each change, in order.

    Raises: SpoolError when another process owns the spool, or when it cannot be used.
    """

    def __init__(self, folder: Path, *, max_mb: int, publish_counts: Callable[[MessageCounts], None]) -> None:
        self._file = SpoolFile(folder, max_mb=max_mb)
        self._publish_counts = publish_counts
        self._condition = threading.Condition()
        self._max_fingerprints = min(
            MAX_FINGERPRINTS, max_mb * 1024 * 1024 // FINGERPRINT_SHARE // BYTES_PER_FINGERPRINT
        )
        self._chunk_start = time.monotonic()
        self._is_flushing = False
        self._item_cache: OrderedDict[str, tuple[ParsedItem, ...]] = OrderedDict()
        self.counts = MessageCounts()
        self.progress = WriteProgress()
        """The progress that the database last confirmed."""
        self.broker_drop_count: int | None = None
        """The broker's last reported count of dropped messages; None if it never reported one."""
        self._load_state()

    def save_drop_count(self, count: int) -> None:
        self._file.save_drop_count(count)
        self.broker_drop_count = count

    def load_redelivery_filter(self) -> RedeliveryFilter:
        """The filter with the fingerprints of this process and of earlier ones."""
        return RedeliveryFilter(self._file.list_fingerprints(), limit=self._max_fingerprints)

    def append_messages(self, messages: Sequence[ParsedMessage], *, expire_before: int) -> None:
        """Append all messages or none; they are on disk on return.

        Raises: SpoolError.
        """
        encoded = [(encode_items(each.items), len(each.items)) for each in messages]
        fingerprints = [each.fingerprint for each in messages]
        item_count = sum(count for _, count in encoded)
        with self._condition:
            self._file.append_messages(encoded, fingerprints, expire_before=expire_before)
            self._cache_items(encoded, messages)
            if not self.counts.spooled:
                self._chunk_start = time.monotonic()
            self._update_counts(
                received=self.counts.received + item_count, spooled=self.counts.spooled + item_count
            )
            self._condition.notify_all()

    def wait_for_chunk(self, min_items: int, wait_s: float, *, idle_s: float) -> bool:
        """Wait until ``min_items`` are spooled, or the oldest has waited for ``wait_s``.

        False if nothing is spooled after ``idle_s``, or at once after ``request_flush``.
        """
        until = time.monotonic() + idle_s
        with self._condition:
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
        """The oldest messages, with at most ``max_items`` items in all, but at least one message."""
        with self._condition:
            self._chunk_start = time.monotonic()
            stored = self._file.read_messages(after=self.progress.last_seq, limit=max_items)
            cached = [self._item_cache.pop(text, None) for _, text, _ in stored]
        rows: list[SpoolMessage] = []
        for (seq, text, count), items in zip(stored, cached, strict=True):
            max_items -= count
            if rows and max_items < 0:
                break
            rows.append((seq, items or decode_items(text)))
        return rows

    def confirm_progress(self, progress: WriteProgress) -> None:
        """Remove the messages that the database has, up to ``progress``.

        Raises: SpoolError when the file cannot be changed now; the message counts are correct anyway.
        """
        with self._condition:
            written = self._file.count_items(after=self.progress.last_seq, upto=progress.last_seq)
            self.progress = progress
            self._update_counts(
                stored=progress.stored,
                duplicates=progress.duplicates,
                rejected=progress.rejected,
                spooled=self.counts.spooled - written,
            )
            self._condition.notify_all()
            self._file.confirm_progress(progress)

    def reset_counters(self) -> None:
        """Restart the counts with the spooled messages: the database has no record of this spool."""
        with self._condition:
            self._file.reset_counters()
            self._load_state()

    def measure_fill(self) -> float:
        return self._file.measure_fill()

    def find_oldest_time(self) -> datetime | None:
        """Time of receipt of the oldest spooled reading; None if the spool is empty."""
        oldest = self._file.read_messages(after=self.progress.last_seq, limit=1)
        return decode_items(oldest[0][1])[0].received_at if oldest and oldest[0][2] else None

    def has_room(self) -> bool:
        return self._file.has_room()

    def close(self) -> None:
        self._file.close()

    def _cache_items(self, encoded: Sequence[tuple[str, int]], messages: Sequence[ParsedMessage]) -> None:
        for (text, _), each in zip(encoded, messages, strict=True):
            self._item_cache[text] = each.items
        while len(self._item_cache) > MAX_CACHE_MESSAGES:
            self._item_cache.popitem(last=False)

    def _load_state(self) -> None:
        state = self._file.read_state()
        self.spool_id = state.spool_id
        self.progress = state.progress
        self.broker_drop_count = state.broker_drop_count
        self._update_counts(
            received=state.received,
            stored=state.progress.stored,
            duplicates=state.progress.duplicates,
            spooled=state.spooled,
            rejected=state.progress.rejected,
        )

    def _update_counts(self, **changes: int) -> None:
        self.counts = replace(self.counts, **changes)
        self._publish_counts(self.counts)
