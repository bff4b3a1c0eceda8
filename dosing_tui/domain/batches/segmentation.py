"""One station's messages, in the order of their times, sorted into batches that are still being written."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from dosing_tui.domain.batches.models import Identity, Message, Rules, Status, identity, same_name
from dosing_tui.domain.messages.models import BatchEvent, Dose

ENDS = {"complete": "", "abort": "its abort was reported", "error": "an error was reported"}
"""Events that end a batch, with the reason why it is not complete."""


class Draft:
    """A batch while its messages are being found."""

    __slots__ = (
        "anchor", "begins_at", "device_id", "doses", "ends_at", "events", "last_at", "marks", "paused",
        "pumps", "reason", "recipe", "started", "status", "unbroken_since",
    )  # fmt: skip

    def __init__(self, first: Message, begins_at: datetime, *, started: bool) -> None:
        self.device_id = first.device_id
        self.anchor: Identity = identity(first)
        self.recipe = first.recipe
        self.begins_at = begins_at
        self.last_at = first.time
        self.unbroken_since = first.time
        """Since when doses without a start have followed each other, those of earlier batches included."""
        self.ends_at: datetime | None = None
        self.started = started
        self.paused = False
        self.status = Status.OPEN if started else Status.NO_START
        self.reason = "" if started else "its start was not received"
        self.pumps: int | None = None
        self.doses: list[Dose] = []
        self.events: list[BatchEvent] = []
        self.marks: list[str] = []
        self.add(first)

    def add(self, message: Message) -> None:
        if isinstance(message, Dose):
            self.doses.append(message)
        else:
            self.events.append(message)
            if message.pumps is not None:
                self.pumps = message.pumps
            self.paused = message.event == "pause"
        self.recipe = self.recipe or message.recipe
        self.last_at = message.time

    def end(self, status: Status, reason: str, at: datetime) -> None:
        self.status, self.reason, self.ends_at = status, reason, at

    def lacks_doses(self) -> bool:
        return self.pumps is None or len(self.doses) < self.pumps


def drafts(messages: Sequence[Message], *, now: datetime, rules: Rules) -> list[Draft]:
    """``messages`` are one station's, each once, ordered by time and rank; ``now`` ends what fell silent."""
    sorting = Sorting(rules)
    for _, group in groupby(messages, key=attrgetter("time")):
        instant = list(group)
        for message in sorting.of_one_instant(instant) if len(instant) > 1 else instant:
            sorting.take(message)
    sorting.finish(now)
    return sorting.drafts


class Sorting:
    """What is under way at a station: a batch that was started, and doses without a start beside it."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.drafts: list[Draft] = []
        self._open: Draft | None = None
        self._stray: Draft | None = None
        self._ended: Draft | None = None
        """What a complete has just ended, as long as nothing else came."""

    def of_one_instant(self, instant: list[Message]) -> list[Message]:
        """A clock of whole seconds: what ends the batch under way comes before what starts the next."""
        under_way = self._open
        starts = any(isinstance(m, BatchEvent) and m.event == "start" for m in instant)
        if under_way is None or not starts or under_way.begins_at >= instant[0].time:
            return instant
        missing = (under_way.pumps or len(instant)) - len(under_way.doses)
        doses = [m for m in instant if isinstance(m, Dose) and same_name(under_way.recipe, m.recipe)]
        older: list[Message] = [*doses[: max(missing, 0)]]
        ends = [m for m in instant if isinstance(m, BatchEvent) and m.event in ENDS]
        older += [m for m in ends if same_name(under_way.recipe, m.recipe)][:1]
        return older + [m for m in instant if not any(m is each for each in older)]

    def take(self, message: Message) -> None:
        if isinstance(message, Dose):
            self._dose(message)
            self._ended = None
        elif message.event == "start":
            self._start(message)
            self._ended = None
        elif message.event in ENDS:
            self._end(message)
        elif self._open and not self._outlived(self._open, message):
            self._open.add(message)

    def finish(self, now: datetime) -> None:
        """What is not ended yet, is, if it has been silent long enough."""
        batch, stray = self._open, self._stray
        if batch and (self._abandoned(batch, now) or now > batch.begins_at + self._rules.longest):
            self._leave()
        if stray and now - stray.last_at > self._rules.gap:
            stray.ends_at = stray.last_at

    def _start(self, start: BatchEvent) -> None:
        batch = self._open
        if batch and batch.begins_at == start.time and same_name(batch.recipe, start.recipe):
            batch.add(start)
            batch.marks.append("its start was said more than once")
            return
        if batch and (self._abandoned(batch, start.time) or self._outlived(batch, start)):
            self._leave()
        elif batch:
            what = start.recipe or "another batch"
            batch.end(Status.ABORTED, f"{what} was started before it was complete", batch.last_at)
        self._close_stray()
        self._open = self._new(Draft(start, start.time, started=True))

    def _dose(self, dose: Dose) -> None:
        batch = self._open
        if batch and self._outlived(batch, dose):
            self._leave()
            batch = None
        if batch and same_name(batch.recipe, dose.recipe):
            if self._is_of_next(batch, dose):
                self._leave()
            elif _began(dose) >= batch.begins_at - self._rules.skew:
                batch.add(dose)
                return
        self._stray_dose(dose, beside=self._open)

    def _stray_dose(self, dose: Dose, *, beside: Draft | None) -> None:
        before = self._stray
        follows = before is not None and self._belongs(before, dose)
        if before and follows and not self._is_cut(before, dose):
            before.add(dose)
            return
        self._close_stray()
        stray = self._stray = self._new(Draft(dose, _began(dose), started=False))
        if before and follows:
            stray.unbroken_since = before.unbroken_since
        if beside:
            stray.marks.append(f"it was dosed while {beside.recipe or 'another batch'} was under way")
            beside.marks.append(f"{stray.recipe or 'something else'} was dosed meanwhile")

    def _end(self, event: BatchEvent) -> None:
        batch, stray = self._open, self._stray
        if batch and self._outlived(batch, event):
            self._leave()
        elif batch and same_name(batch.recipe, event.recipe):
            self._close(batch, event)
            self._open = None
            return
        elif batch:
            self._mismatch(batch, event)
        if stray and self._belongs(stray, event):
            self._close(stray, event)
            self._stray = None
        elif not self._is_repeated(event):
            lone = self._new(Draft(event, event.time, started=False))
            lone.end(*_lone_end(event), event.time)

    def _close(self, batch: Draft, event: BatchEvent) -> None:
        batch.add(event)
        if event.event != "complete":
            batch.end(Status.ABORTED, ENDS[event.event], event.time)
        elif batch.started:
            batch.end(Status.COMPLETE, "", event.time)
        else:
            batch.ends_at = event.time
        self._ended = batch

    def _mismatch(self, batch: Draft, event: BatchEvent) -> None:
        if self._abandoned(batch, event.time):
            self._leave()
            return
        what = f"{event.event} of {event.recipe or 'another batch'}"
        batch.end(Status.ABORTED, f"the {what} came while it was under way", batch.last_at)
        self._open = None

    def _is_repeated(self, event: BatchEvent) -> bool:
        """The same end, said again: it is entered, and changes nothing."""
        ended = self._ended
        if ended is None or ended.ends_at is None or not same_name(ended.recipe, event.recipe):
            return False
        if ended.events[-1].event != event.event or event.time - ended.ends_at > self._rules.repeated:
            return False
        ended.events.append(event)
        ended.marks.append(f"its {event.event} was said more than once")
        return True

    def _leave(self) -> None:
        """The batch under way is so no longer, and nothing says why."""
        batch = self._open
        assert batch is not None
        batch.end(Status.INCOMPLETE, "its complete was not received", batch.last_at)
        self._open = None

    def _close_stray(self) -> None:
        if self._stray:
            self._stray.ends_at = self._stray.last_at
            self._stray = None

    def _new(self, draft: Draft) -> Draft:
        self.drafts.append(draft)
        return draft

    def _outlived(self, batch: Draft, message: Message) -> bool:
        return message.time > batch.begins_at + self._rules.longest

    def _abandoned(self, batch: Draft, at: datetime) -> bool:
        return not batch.paused and at - batch.last_at > self._rules.abandoned_after(batch.pumps)

    def _is_of_next(self, batch: Draft, dose: Dose) -> bool:
        """The pump has dosed, all doses are there, and then nothing was heard for long: a start was lost."""
        again = any(dose.pump == each.pump for each in batch.doses)
        return again and not batch.lacks_doses() and self._abandoned(batch, dose.time)

    def _belongs(self, stray: Draft, message: Message) -> bool:
        soon = message.time - stray.last_at <= self._rules.gap
        return soon and same_name(stray.recipe, message.recipe)

    def _is_cut(self, stray: Draft, dose: Dose) -> bool:
        """Doses of a station whose events never arrive: somewhere their batch has to end.

        Where, must not depend on its first dose: a rebuild reads some hours back, and nowhere in days
        without a pause would it find the same first dose again. So it ends at full hours, which any two
        readers share. What is shorter than ``Rules.unbroken`` is left whole, as a batch whose start was lost
        may well go on over the full hour.
        """
        cut = self._rules.cut_before(dose.time)
        return stray.last_at < cut and cut - stray.unbroken_since >= self._rules.unbroken


def _began(dose: Dose) -> datetime:
    if dose.duration_ms is None or not 0 <= dose.duration_ms < 86_400_000:
        return dose.time
    return dose.time - timedelta(milliseconds=dose.duration_ms)


def _lone_end(event: BatchEvent) -> tuple[Status, str]:
    if event.event == "complete":
        return Status.COMPLETE_ONLY, "only its complete was received"
    return Status.ABORTED, f"{ENDS[event.event]}, and nothing else of it was received"
