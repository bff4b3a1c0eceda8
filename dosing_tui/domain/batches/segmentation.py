"""Divide the messages of one station, ordered by time, into batches."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from dosing_tui.domain.batches.message_order import END_REASONS
from dosing_tui.domain.batches.models import (
    DEFAULT_RULES,
    BatchMessage,
    BatchStatus,
    MessageIdentity,
    identify_message,
    is_same_name,
)
from dosing_tui.domain.messages.models import BatchEvent, Dose, TimeQuality


class OpenBatch:
    """Batch under construction."""

    __slots__ = (
        "anchor",
        "anomalies",
        "batch_id",
        "begins_at",
        "doses",
        "ends_all_before",
        "ends_at",
        "events",
        "is_paused",
        "last_at",
        "orphan_run_since",
        "pumps",
        "reason",
        "recipe",
        "status",
    )

    def __init__(self, first: BatchMessage, begins_at: datetime, *, has_start: bool) -> None:
        self.anchor: MessageIdentity = identify_message(first)
        self.recipe = first.recipe
        self.begins_at = begins_at
        self.last_at = first.time
        self.orphan_run_since = first.time
        """Start of the run of orphan doses, including those of earlier batches."""
        self.ends_at: datetime | None = None
        self.is_paused = False
        self.ends_all_before = has_start
        self.status = BatchStatus.OPEN if has_start else BatchStatus.NO_START
        self.reason = "" if has_start else "its start was not received"
        self.pumps: int | None = None
        self.batch_id = ""
        """What the station calls it."""
        self.doses: list[Dose] = []
        self.events: list[BatchEvent] = []
        self.anomalies: list[str] = []
        self.add(first)

    def add(self, message: BatchMessage) -> None:
        if isinstance(message, Dose):
            self.doses.append(message)
        else:
            self.events.append(message)
            if message.pumps is not None:
                self.pumps = message.pumps
            self.is_paused = message.event == "pause"
        self.recipe = self.recipe or message.recipe
        self.batch_id = self.batch_id or message.batch_id
        self.last_at = max(self.last_at, message.time)

    def set_end(self, status: BatchStatus, reason: str, at: datetime) -> None:
        self.status, self.reason, self.ends_at = status, reason, max(at, self.begins_at)


def is_own_message(batch: OpenBatch, message: BatchMessage) -> bool:
    """Whether a message can be of a batch: by the station's name of it, if both have one, or the recipe."""
    if message.batch_id and batch.batch_id:
        return message.batch_id == batch.batch_id
    return is_same_name(batch.recipe, message.recipe)


def segment_messages(instants: Iterable[list[BatchMessage]], *, now: datetime) -> list[OpenBatch]:
    """Divide the messages of one station, as ``group_instants`` orders them, into batches.

    ``now`` ends batches whose time without a message exceeds the limit.
    """
    sorting = Segmenter()
    for instant in instants:
        for message in sorting.order_instant(instant) if len(instant) > 1 else instant:
            sorting.add_message(message)
    sorting.close_silent(now)
    return sorting.batches


class Segmenter:
    """Segmentation state of a station: the started batch, and orphan doses in parallel."""

    def __init__(self) -> None:
        self.batches: list[OpenBatch] = []
        self._current: OpenBatch | None = None
        self._orphan: OpenBatch | None = None
        self._previous: OpenBatch | None = None
        """Batch ended by the last complete event, until the next message."""
        self._run_times: deque[datetime] = deque(maxlen=DEFAULT_RULES.dense_run_doses)
        """Times of the last orphan doses of the run under way, since it was last divided as too dense."""

    def order_instant(self, instant: list[BatchMessage]) -> list[BatchMessage]:
        """Order messages of the same instant: the end of the batch under way precedes the next start."""
        under_way, first = self._current or self._orphan, instant[0]
        starts = any(isinstance(m, BatchEvent) and m.event == "start" for m in instant)
        if under_way is None or not starts or under_way.begins_at >= first.time:
            return instant
        if under_way is self._orphan and not self._is_same_run(under_way, first):
            return instant
        missing = len(instant) if under_way.pumps is None else max(under_way.pumps - len(under_way.doses), 0)
        ours = [m for m in instant if is_own_message(under_way, m)]
        ends = [m for m in ours if isinstance(m, BatchEvent) and m.event in END_REASONS]
        older = [m for m in ours if isinstance(m, Dose)][:missing] + ends[:1]
        return older + [m for m in instant if not any(m is each for each in older)]

    def add_message(self, message: BatchMessage) -> None:
        if isinstance(message, Dose):
            self._add_dose(message)
            self._previous = None
        elif message.event == "start":
            self._start_batch(message)
            self._previous = None
        elif message.event in END_REASONS:
            self._end_batch(message)
        elif self._current and not self._is_past_limit(self._current, message):
            self._current.add(message)

    def close_silent(self, now: datetime) -> None:
        """End all open batches without a message for the permitted time."""
        batch, stray = self._current, self._orphan
        if batch and (self._is_abandoned(batch, now) or now > batch.begins_at + DEFAULT_RULES.max_duration):
            self._end_incomplete()
        if stray and now - stray.last_at > DEFAULT_RULES.max_orphan_gap:
            stray.ends_at = stray.last_at

    def _start_batch(self, start: BatchEvent) -> None:
        batch = self._current
        if batch and batch.begins_at == start.time and is_same_name(batch.recipe, start.recipe):
            batch.add(start)
            batch.anomalies.append("its start was said more than once")
            return
        if batch:
            what = f"{start.recipe or 'another batch'} was started before it was complete"
            self._interrupt(batch, start, what)
        self._close_orphan()
        self._current = self._open_batch(start, start.time, has_start=True)

    def _add_dose(self, dose: Dose) -> None:
        batch = self._current
        if batch and (self._is_past_limit(batch, dose) or len(batch.doses) >= DEFAULT_RULES.max_batch_doses):
            self._end_incomplete()
            batch = None
        if batch and _is_foreign_backlog(batch, dose):
            self._add_orphan_dose(dose, beside=None)
            return
        if batch and is_own_message(batch, dose):
            if self._is_of_next_batch(batch, dose):
                self._end_incomplete()
            elif _get_dose_start(dose) >= batch.begins_at - DEFAULT_RULES.max_start_skew:
                batch.add(dose)
                return
        self._add_orphan_dose(dose, beside=self._current)

    def _add_orphan_dose(self, dose: Dose, *, beside: OpenBatch | None) -> None:
        before = self._orphan
        if before is None or not self._is_same_run(before, dose):
            before = None
            self._run_times.clear()
        is_dense = before is not None and self._is_dense_between(before, dose)
        self._run_times.append(dose.time)
        if before and not is_dense and not self._is_cut_between(before, dose):
            before.add(dose)
            return
        self._close_orphan()
        stray = self._orphan = self._open_batch(dose, _get_dose_start(dose))
        if is_dense:
            self._forget_all_before(stray)
            return
        if before:
            stray.orphan_run_since = before.orphan_run_since
        if beside:
            stray.anomalies.append(f"it was dosed while {beside.recipe or 'another batch'} was under way")
            beside.anomalies.append(f"{stray.recipe or 'something else'} was dosed meanwhile")

    def _end_batch(self, event: BatchEvent) -> None:
        batch, stray = self._current, self._orphan
        if batch and is_own_message(batch, event) and not self._is_past_limit(batch, event):
            self._apply_end(batch, event)
            self._current = None
            return
        if batch:
            what = f"the {event.event} of {event.recipe or 'another batch'} came while it was under way"
            self._interrupt(batch, event, what)
        if stray and self._is_same_run(stray, event):
            self._apply_end(stray, event)
            self._orphan = None
        elif not self._is_repeated_end(event):
            lone = self._open_batch(event, event.time)
            lone.set_end(*_classify_lone_end(event), event.time)

    def _apply_end(self, batch: OpenBatch, event: BatchEvent) -> None:
        batch.add(event)
        if event.event != "complete":
            batch.set_end(BatchStatus.ABORTED, END_REASONS[event.event], event.time)
        elif batch.status is BatchStatus.OPEN:
            batch.set_end(BatchStatus.COMPLETE, "", event.time)
        else:
            batch.set_end(batch.status, batch.reason, event.time)
        self._previous = batch

    def _is_repeated_end(self, event: BatchEvent) -> bool:
        """Return whether an end event repeats the last one; it is added without further effect."""
        ended = self._previous
        if ended is None or ended.ends_at is None or not is_same_name(ended.recipe, event.recipe):
            return False
        if ended.events[-1].event != event.event or event.time - ended.ends_at > DEFAULT_RULES.repeat_window:
            return False
        ended.events.append(event)
        ended.anomalies.append(f"its {event.event} was said more than once")
        return True

    def _interrupt(self, batch: OpenBatch, event: BatchEvent, reason: str) -> None:
        """End the running batch before an event that is not its own: aborted, unless it was over already."""
        if self._is_abandoned(batch, event.time) or self._is_past_limit(batch, event):
            self._end_incomplete()
        else:
            batch.set_end(BatchStatus.ABORTED, reason, batch.last_at)
            self._current = None

    def _end_incomplete(self) -> None:
        """End the running batch as incomplete."""
        batch = self._current
        assert batch is not None
        batch.set_end(BatchStatus.INCOMPLETE, "its complete was not received", batch.last_at)
        self._current = None

    def _close_orphan(self) -> None:
        if self._orphan:
            self._orphan.ends_at = self._orphan.last_at
            self._orphan = None

    def _open_batch(self, first: BatchMessage, begins_at: datetime, *, has_start: bool = False) -> OpenBatch:
        self.batches.append(OpenBatch(first, begins_at, has_start=has_start))
        return self.batches[-1]

    def _is_past_limit(self, batch: OpenBatch, message: BatchMessage) -> bool:
        return message.time > batch.begins_at + DEFAULT_RULES.max_duration

    def _is_abandoned(self, batch: OpenBatch, at: datetime) -> bool:
        return not batch.is_paused and at - batch.last_at > DEFAULT_RULES.get_silence_limit(batch.pumps)

    def _is_of_next_batch(self, batch: OpenBatch, dose: Dose) -> bool:
        """Return whether a dose belongs to the next batch, whose start event was lost.

        All doses of the batch are present, including one of this pump, and there was a long gap.
        """
        again = any(dose.pump == each.pump for each in batch.doses)
        is_full = batch.pumps is not None and len(batch.doses) >= batch.pumps
        return again and is_full and self._is_abandoned(batch, dose.time)

    def _is_same_run(self, orphan: OpenBatch, message: BatchMessage) -> bool:
        soon = message.time - orphan.last_at <= DEFAULT_RULES.max_orphan_gap
        return soon and is_own_message(orphan, message)

    def _forget_all_before(self, stray: OpenBatch) -> None:
        """End what is under way beside a run that is divided as too dense: a rebuild can begin there."""
        if self._current:
            self._end_incomplete()
        self._run_times.clear()
        self._run_times.append(stray.last_at)
        stray.ends_all_before = True

    def _is_dense_between(self, orphan: OpenBatch, dose: Dose) -> bool:
        """Return whether a run is divided before ``dose``: the last interval held too many of its doses."""
        times = self._run_times
        if len(times) < DEFAULT_RULES.dense_run_doses:
            return False
        cuts = [(DEFAULT_RULES.get_last_cut(dose.time, step), step) for step in DEFAULT_RULES.dense_intervals]
        return any(orphan.last_at < cut and times[0] >= cut - step for cut, step in cuts)

    def _is_cut_between(self, orphan: OpenBatch, dose: Dose) -> bool:
        """Return whether a long run of orphan doses is divided before ``dose``.

        The division must not depend on the first dose: a rebuild reads only some hours back and may not
        find it. Runs are therefore divided at full hours. A run shorter than the rules'
        ``orphan_run_limit`` is not divided: a batch with a lost start event may span a full hour.
        """
        cut = DEFAULT_RULES.get_last_cut(dose.time)
        return orphan.last_at < cut and cut - orphan.orphan_run_since >= DEFAULT_RULES.orphan_run_limit


def _is_foreign_backlog(batch: OpenBatch, dose: Dose) -> bool:
    """Return whether a dose was sent late, at an unknown time, and the batch was not."""
    late = TimeQuality.BACKLOG
    return dose.time_quality is late and all(event.time_quality is not late for event in batch.events)


def _get_dose_start(dose: Dose) -> datetime:
    if dose.duration_ms is None or not 0 <= dose.duration_ms < 86_400_000:
        return dose.time
    return dose.time - timedelta(milliseconds=dose.duration_ms)


def _classify_lone_end(event: BatchEvent) -> tuple[BatchStatus, str]:
    if event.event == "complete":
        return BatchStatus.COMPLETE_ONLY, "only its complete was received"
    return BatchStatus.ABORTED, f"{END_REASONS[event.event]}, and nothing else of it was received"
