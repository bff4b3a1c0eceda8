"""The spool as the collector's threads use it: messages go in, batches come out, the books always balance."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

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
"""Sightings take a quarter of a small spool at most."""

MAX_CACHE_MESSAGES = 10_000
"""Messages whose units are kept beside their text, so that who writes them need not read it."""

SpoolMessage = tuple[int, tuple[ParsedItem, ...]]


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """One message's units, and what makes it known again."""

    items: tuple[ParsedItem, ...]
    fingerprint: MessageFingerprint


class Spool:
    """One thread puts in, one takes out. ``publish_counts`` gets the books with every change, in order.

    Raises: SpoolError when another process has the spool, or when it cannot be used.
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
        self._spool_id, self._progress, self._counts, self._broker_drop_count = self._load_state()

    @property
    def spool_id(self) -> UUID:
        return self._spool_id

    @property
    def progress(self) -> WriteProgress:
        """The database's word when it was last heard."""
        return self._progress

    @property
    def counts(self) -> MessageCounts:
        return self._counts

    @property
    def broker_drop_count(self) -> int | None:
        """The broker's count of thrown away messages when it was last heard; None if it never was."""
        return self._broker_drop_count

    def save_drop_count(self, count: int) -> None:
        with self._condition:
            self._file.save_drop_count(count)
            self._broker_drop_count = count

    def load_redelivery_filter(self) -> RedeliveryFilter:
        """What was seen of late, by this process and by earlier ones."""
        return RedeliveryFilter(self._file.list_fingerprints(), limit=self._max_fingerprints)

    def append_messages(self, arrivals: Sequence[ParsedMessage], *, expire_before: int) -> None:
        """On the disk on return, all or nothing.

        Raises: SpoolError.
        """
        messages = [(encode_items(each.items), len(each.items)) for each in arrivals]
        seen = [each.fingerprint for each in arrivals]
        units = sum(count for _, count in messages)
        with self._condition:
            self._file.append_messages(messages, seen, expire_before=expire_before)
            self._cache_items(messages, arrivals)
            if not self._counts.spooled:
                self._chunk_start = time.monotonic()
            self._update_counts(received=self._counts.received + units, spooled=self._counts.spooled + units)
            self._condition.notify_all()

    def wait_for_chunk(self, min_items: int, wait_s: float, *, idle_s: float) -> bool:
        """Wait until ``units`` are spooled, or the first of them has waited for ``wait_s``.

        False when nothing is spooled, after ``idle_s`` or at once when in a hurry.
        """
        until = time.monotonic() + idle_s
        with self._condition:
            while not self._is_flushing:
                now = time.monotonic()
                ripe = self._chunk_start + wait_s if self._counts.spooled else until
                if self._counts.spooled >= min_items or now >= ripe:
                    break
                self._condition.wait(ripe - now)
            return bool(self._counts.spooled)

    def request_flush(self) -> None:
        """From now on nobody waits for company: the end is near."""
        with self._condition:
            self._is_flushing = True
            self._condition.notify_all()

    def wait_until_empty(self, timeout_s: float) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: not self._counts.spooled, timeout_s)

    def read_chunk(self, max_items: int) -> list[SpoolMessage]:
        """The oldest messages, of ``max_items`` together but at least one."""
        with self._condition:
            self._chunk_start = time.monotonic()
            found = self._file.read_messages(after=self._progress.last_seq, limit=max_items)
            known = [self._item_cache.pop(text, None) for _, text, _ in found]
        rows: list[SpoolMessage] = []
        for (seq, text, count), units in zip(found, known, strict=True):
            max_items -= count
            if rows and max_items < 0:
                break
            rows.append((seq, units or decode_items(text)))
        return rows

    def confirm_progress(self, progress: WriteProgress) -> None:
        """The database has everything up to ``progress``.

        Raises: SpoolError when the file cannot be shortened now; the books are right all the same.
        """
        with self._condition:
            written = self._file.count_items(after=self._progress.last_seq, upto=progress.last_seq)
            self._progress = progress
            self._update_counts(
                stored=progress.stored,
                duplicates=progress.duplicates,
                rejected=progress.rejected,
                spooled=self._counts.spooled - written,
            )
            self._condition.notify_all()
            self._file.confirm_progress(progress)

    def reset_counters(self) -> None:
        """Begin new books with what is spooled: the database knows nothing of this spool's past."""
        with self._condition:
            self._file.reset_counters()
            self._spool_id, self._progress, self._counts, self._broker_drop_count = self._load_state()

    def measure_fill(self) -> float:
        with self._condition:
            return self._file.measure_fill()

    def find_oldest_time(self) -> datetime | None:
        """When the first of the spooled readings came; None if nothing waits."""
        with self._condition:
            found = self._file.read_messages(after=self._progress.last_seq, limit=1)
        return decode_items(found[0][1])[0].received_at if found and found[0][2] else None

    def has_room(self) -> bool:
        with self._condition:
            return self._file.has_room()

    def close(self) -> None:
        with self._condition:
            self._file.close()

    def _cache_items(self, messages: Sequence[tuple[str, int]], arrivals: Sequence[ParsedMessage]) -> None:
        for (text, _), each in zip(messages, arrivals, strict=True):
            self._item_cache[text] = each.items
        while len(self._item_cache) > MAX_CACHE_MESSAGES:
            self._item_cache.popitem(last=False)

    def _load_state(self) -> tuple[UUID, WriteProgress, MessageCounts, int | None]:
        account = self._file.read_state()
        progress = account.progress
        books = MessageCounts(
            received=account.received,
            stored=progress.stored,
            duplicates=progress.duplicates,
            spooled=account.spooled,
            rejected=progress.rejected,
        )
        self._publish_counts(books)
        return account.spool_id, progress, books, account.broker_drop_count

    def _update_counts(self, **changes: int) -> None:
        self._counts = replace(self._counts, **changes)
        self._publish_counts(self._counts)
