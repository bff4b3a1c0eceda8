"""The spool as the collector's threads use it: messages go in, batches come out, the books always balance."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from dosing_tui.collector.pipeline.redelivery_filter import LIMIT, Sighting, Sightings
from dosing_tui.collector.pipeline.spool_codec import decode, encode
from dosing_tui.collector.pipeline.spool_file import SpoolFile
from dosing_tui.database.reading_writer import Progress
from dosing_tui.domain.messages.models import Unit
from dosing_tui.live_state import Books

BYTES_PER_SIGHTING = 80
SHARE_OF_SIGHTINGS = 4
"""Sightings take a quarter of a small spool at most."""

MOST_AT_HAND = 10_000
"""Messages whose units are kept beside their text, so that who writes them need not read it."""

Row = tuple[int, tuple[Unit, ...]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message's units, and what makes it known again."""

    units: tuple[Unit, ...]
    sighting: Sighting


class Spool:
    """One thread puts in, one takes out. ``publish`` gets the books with every change, in order.

    Raises: SpoolError when another process has the spool, or when it cannot be used.
    """

    def __init__(self, folder: Path, *, max_mb: int, publish: Callable[[Books], None]) -> None:
        self._file = SpoolFile(folder, max_mb=max_mb)
        self._publish = publish
        self._changed = threading.Condition()
        self._most_sightings = min(LIMIT, max_mb * 1024 * 1024 // SHARE_OF_SIGHTINGS // BYTES_PER_SIGHTING)
        self._waiting_since = time.monotonic()
        self._hurried = False
        self._at_hand: OrderedDict[str, tuple[Unit, ...]] = OrderedDict()
        self._spool_id, self._progress, self._books, self._broker_dropped = self._load()

    @property
    def spool_id(self) -> UUID:
        return self._spool_id

    @property
    def progress(self) -> Progress:
        """The database's word when it was last heard."""
        return self._progress

    @property
    def books(self) -> Books:
        return self._books

    @property
    def broker_dropped(self) -> int | None:
        """The broker's count of thrown away messages when it was last heard; None if it never was."""
        return self._broker_dropped

    def note_dropped(self, count: int) -> None:
        with self._changed:
            self._file.note_dropped(count)
            self._broker_dropped = count

    def sightings(self) -> Sightings:
        """What was seen of late, by this process and by earlier ones."""
        return Sightings(self._file.recent(), limit=self._most_sightings)

    def append(self, arrivals: Sequence[Arrival], *, forget_before: int) -> None:
        """On the disk on return, all or nothing.

        Raises: SpoolError.
        """
        messages = [(encode(each.units), len(each.units)) for each in arrivals]
        seen = [each.sighting for each in arrivals]
        units = sum(count for _, count in messages)
        with self._changed:
            self._file.append(messages, seen, forget_before=forget_before)
            self._keep_at_hand(messages, arrivals)
            if not self._books.spooled:
                self._waiting_since = time.monotonic()
            self._enter(received=self._books.received + units, spooled=self._books.spooled + units)
            self._changed.notify_all()

    def company(self, units: int, wait_s: float, *, idle_s: float) -> bool:
        """Wait until ``units`` are spooled, or the first of them has waited for ``wait_s``.

        False when nothing is spooled, after ``idle_s`` or at once when in a hurry.
        """
        until = time.monotonic() + idle_s
        with self._changed:
            while not self._hurried:
                now = time.monotonic()
                ripe = self._waiting_since + wait_s if self._books.spooled else until
                if self._books.spooled >= units or now >= ripe:
                    break
                self._changed.wait(ripe - now)
            return bool(self._books.spooled)

    def hurry(self) -> None:
        """From now on nobody waits for company: the end is near."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def wait_empty(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._books.spooled, timeout)

    def batch(self, most_units: int) -> list[Row]:
        """The oldest messages, of ``most_units`` together but at least one."""
        with self._changed:
            self._waiting_since = time.monotonic()
            found = self._file.read(after=self._progress.last_seq, limit=most_units)
            known = [self._at_hand.pop(text, None) for _, text, _ in found]
        rows: list[Row] = []
        for (seq, text, count), units in zip(found, known, strict=True):
            most_units -= count
            if rows and most_units < 0:
                break
            rows.append((seq, units or decode(text)))
        return rows

    def settle(self, progress: Progress) -> None:
        """The database has everything up to ``progress``.

        Raises: SpoolError when the file cannot be shortened now; the books are right all the same.
        """
        with self._changed:
            written = self._file.units(after=self._progress.last_seq, upto=progress.last_seq)
            self._progress = progress
            self._enter(
                stored=progress.stored,
                duplicates=progress.duplicates,
                rejected=progress.rejected,
                spooled=self._books.spooled - written,
            )
            self._changed.notify_all()
            self._file.settle(progress)

    def renew(self) -> None:
        """Begin new books with what is spooled: the database knows nothing of this spool's past."""
        with self._changed:
            self._file.renew()
            self._spool_id, self._progress, self._books, self._broker_dropped = self._load()

    def percent_full(self) -> float:
        with self._changed:
            return self._file.percent_full()

    def oldest(self) -> datetime | None:
        """When the first of the spooled readings came; None if nothing waits."""
        with self._changed:
            found = self._file.read(after=self._progress.last_seq, limit=1)
        return decode(found[0][1])[0].received_at if found and found[0][2] else None

    def has_room(self) -> bool:
        with self._changed:
            return self._file.has_room()

    def close(self) -> None:
        with self._changed:
            self._file.close()

    def _keep_at_hand(self, messages: Sequence[tuple[str, int]], arrivals: Sequence[Arrival]) -> None:
        for (text, _), each in zip(messages, arrivals, strict=True):
            self._at_hand[text] = each.units
        while len(self._at_hand) > MOST_AT_HAND:
            self._at_hand.popitem(last=False)

    def _load(self) -> tuple[UUID, Progress, Books, int | None]:
        account = self._file.account()
        progress = account.progress
        books = Books(
            received=account.received,
            stored=progress.stored,
            duplicates=progress.duplicates,
            spooled=account.spooled,
            rejected=progress.rejected,
        )
        self._publish(books)
        return account.spool_id, progress, books, account.broker_dropped

    def _enter(self, **changes: int) -> None:
        self._books = replace(self._books, **changes)
        self._publish(self._books)
