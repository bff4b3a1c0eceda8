"""The shift handover on one page: what the next shift has to know. The shift report has the details."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta, tzinfo
from functools import partial

from dosing_tui import __version__
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, AlarmState, AlarmStateName
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.labels.alarm_labels import describe_alarm
from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text, count_cells, cut_at_word
from dosing_tui.domain.quantities.quantity_text import (
    count_noun,
    format_count,
    format_duration,
    format_level,
    format_percent,
)
from dosing_tui.domain.shift_handover import HandoverSignature, is_handover_note
from dosing_tui.domain.shift_report import ShiftReport, ShiftStock
from dosing_tui.export.documents.document import (
    Document,
    DocumentField,
    DocumentSection,
    FieldList,
    TextBlock,
)
from dosing_tui.export.documents.formatting import UNKNOWN, format_number, format_rebuild
from dosing_tui.export.documents.text_renderer import to_text

ENTRY_COUNTS = (6, 4, 3, 2, 1)
"""Exceptions, alarms, tanks or notes that are named: the first number with which it is one page."""
PAGE_ROWS = 60
"""Of A4 paper with six lines an inch, less its margins."""
_ENTRY_WIDTH, _SIGNATURE_WIDTH = 110, 300
"""Cells of one entry, and of the text of a signature. The details have all of it."""
_NAME_LIMIT, _CHEMICAL_WIDTH = 40, 24
_HOUR = timedelta(hours=1)
EntryJoiner = Callable[[str, Sequence[str], int], str]
"""Heading, entries and their number as one text."""


def build_handover_page(report: ShiftReport, settings: Settings, zone: tzinfo) -> Document:
    """With as many entries as there is room for."""
    pages = (_build_page(report, settings, zone, count) for count in ENTRY_COUNTS)
    *longer, shortest = pages
    return next((page for page in longer if to_text(page).count("\n") <= PAGE_ROWS), shortest)


def _build_page(report: ShiftReport, settings: Settings, zone: tzinfo, max_entries: int) -> Document:
    begin, end = (moment.astimezone(zone) for moment in report.shift[1:])
    progress = f" in progress at {report.made_at.astimezone(zone):%H:%M}" if report.is_running else ""
    return Document(
        title="Shift handover",
        name=f"{report.shift.name} {begin:%a %Y-%m-%d %H:%M}–{end:%H:%M}{progress}",
        plant=settings.plant.name,
        sections=list_page_sections(report, zone, max_entries),
        footer=f"Made {report.made_at.astimezone(zone):%Y-%m-%d %H:%M:%S %z} ({settings.plant.timezone})"
        f" by dosing-tui {__version__}",
    )


def list_page_sections(
    report: ShiftReport, zone: tzinfo, max_entries: int = ENTRY_COUNTS[0]
) -> tuple[DocumentSection, ...]:
    """The page without its heading."""
    join = partial(_join_entries, max_entries=max_entries)
    fields = (
        *_list_batches(report, join), *_list_doses(report), *_list_stock(report, join),
        *_list_alarms(report, zone, join), _build_notes(report, zone, join), _build_integrity(report),
    )  # fmt: skip
    return (
        DocumentSection("Shift", (FieldList(fields),)),
        DocumentSection("Handover", (FieldList(tuple(_list_signatures(report, zone))),)),
        *([DocumentSection("Audit trail", (TextBlock((report.anchor,)),))] if report.anchor else []),
    )


def _list_batches(report: ShiftReport, join: EntryJoiner) -> Iterable[DocumentField]:
    counts: Counter[str] = Counter()
    for each in report.batches:
        counts[each.status] += each.batches
    running, completed = counts.pop(BatchStatus.OPEN, 0), counts.pop(BatchStatus.COMPLETE, 0)
    aborted = counts.pop(BatchStatus.ABORTED, 0)
    others = [f"{format_count(count)} {status}" for status, count in sorted(counts.items())]
    parts = [
        f"{format_count(completed)} completed",
        f"{format_count(aborted)} aborted",
        *others,
        f"{format_count(running)} running",
    ]
    yield DocumentField("Batches started", ", ".join(parts), aborted > 0 or bool(others))
    if report.stations_in_rebuild:
        yield DocumentField("Being rebuilt", format_rebuild(report.stations_in_rebuild), True)
    yield DocumentField("Right first time", _format_right_first_time(report))
    own, earlier = format_count(report.unreviewed), format_count(report.earlier_unreviewed)
    due = f"{own} of this shift, {earlier} of earlier ones"
    yield DocumentField("To review", due, report.unreviewed + report.earlier_unreviewed > 0)
    wrong = [batch for batch in report.open_batches if batch.findings]
    named = [
        f"{clean_text(batch.batch_id, limit=_NAME_LIMIT)} {clean_text(batch.recipe, limit=20)}:"
        f" {clean_line(', '.join(batch.finding_kinds))}"
        for batch in wrong
    ]
    count = sum(each.with_findings for each in report.batches)
    yield DocumentField("Exceptions", join(count_noun(count, "batch", "batches"), named, count), count > 0)


def _format_right_first_time(report: ShiftReport) -> str:
    percent = report.right_first_time_percent
    if percent is None:
        return f"{UNKNOWN} (no batch ended)"
    clean, ended = format_count(report.clean_batches), count_noun(report.ended_batches, "batch", "batches")
    return f"{format_percent(percent)} ({clean} of {ended})"


def _list_doses(report: ShiftReport) -> Iterable[DocumentField]:
    made = report.production
    mass = f"{format_count(made.doses)}, {format_number(made.dosed_g)} g" if made.doses else "none"
    yield DocumentField("Doses", mass)
    out = f"{format_number(made.out_percent, 1)} % of the doses" if made.out_percent is not None else UNKNOWN
    yield DocumentField("Out of tolerance", out, bool(made.out_percent))


def _list_stock(report: ShiftReport, join: EntryJoiner) -> Iterable[DocumentField]:
    low, refilled = [], []
    chemicals = fit_labels((clean_text(tank.chemical) for tank in report.stock), _CHEMICAL_WIDTH)
    stations = fit_labels((clean_text(tank.device_id) for tank in report.stock), _NAME_LIMIT)

    def name_tank(tank: ShiftStock) -> str:
        return f"{chemicals[clean_text(tank.chemical)]} at {stations[clean_text(tank.device_id)]}"

    for tank in report.stock:
        if tank.end_percent is not None and tank.end_percent < tank.low_percent:
            low.append(tank)
        if (tank.refilled_g or 0) > 0.05 * (tank.end_g or 0):
            refilled.append(f"{name_tank(tank)} {format_number(tank.refilled_g, 0, sign=True)} g")
    low.sort(key=lambda tank: tank.end_percent or 0)
    named = [f"{name_tank(tank)} {_format_rest(tank, report)}" for tank in low]
    # before a tank's first message, or dropped by retention since
    unknown = sum(tank.end_percent is None for tank in report.stock)
    head = f"{len(low) or 'none'} of {count_noun(len(report.stock), 'tank')}"
    head += f", {unknown} not known" if unknown else ""
    text = join(head, named, len(low)) if low else head
    yield DocumentField("Low stock", text, bool(low or unknown))
    if refilled:
        yield DocumentField("Refilled", join("", refilled, len(refilled)))


def _format_rest(tank: ShiftStock, report: ShiftReport) -> str:
    """The level, with the time that it lasts at the rate of this shift."""
    text = f"{format_level(tank.end_percent)} ({format_number(tank.end_g, 0)} g)"
    hours = (min(report.made_at, report.shift.until) - report.shift.since) / _HOUR
    if tank.dosed_g and tank.end_g is not None and hours > 0:
        left_s = tank.end_g / (tank.dosed_g / hours) * _HOUR.total_seconds()
        text += f", lasts {format_duration(left_s)} at this shift's rate"
    return text


def _list_alarms(report: ShiftReport, zone: tzinfo, join: EntryJoiner) -> Iterable[DocumentField]:
    raised = ", ".join(f"{count} {priority}" for priority, count in report.raised if count) or "none"
    raised = f"at least {raised}" if report.has_more_alarms else raised
    yield DocumentField("Alarms raised", raised)
    unacknowledged = [state for state in report.standing if state.state_name in UNACKNOWLEDGED_STATES]
    named = [_format_alarm(state, zone) for state in (unacknowledged or report.standing)]
    counts = f"{len(unacknowledged)} unacknowledged of {len(report.standing)}" if report.standing else "none"
    # alarms are of the time at which the page was made, also on the page of a shift that is over
    at = report.made_at.astimezone(zone)
    counts += f" on {at:%d %b} at {at:%H:%M}" if report.made_at > report.shift.until else ""
    yield DocumentField("Active alarms", join(counts, named, len(named)), bool(report.standing))
    by_state = Counter(state.state_name for state in report.hidden)
    parts = [f"{by_state[name]} {name}" for name in _SUPPRESSED if by_state[name]]
    kept = [state for state in report.hidden if state.state_name is not AlarmStateName.SUPPRESSED]
    hidden = [_format_hidden(state, zone) for state in kept]
    text = join(", ".join(parts), hidden, len(hidden)) or "none"
    yield DocumentField("Not annunciated", text, bool(kept))


_SUPPRESSED = (AlarmStateName.SHELVED, AlarmStateName.OUT_OF_SERVICE, AlarmStateName.SUPPRESSED)


def _format_alarm(state: AlarmState, zone: tzinfo) -> str:
    since = f" since {state.raised_at.astimezone(zone):%d %b %H:%M}" if state.raised_at else ""
    head = f"{state.priority.value} {clean_line(state.key.tag, 60)}: "
    head += "returned to normal: " if state.state_name is AlarmStateName.RTN_UNACK else ""
    room = _ENTRY_WIDTH - count_cells(head) - count_cells(since)
    return f"{head}{cut_at_word(describe_alarm(state.key, state.message).text, room)}{since}"


def _format_hidden(state: AlarmState, zone: tzinfo) -> str:
    hiding = state.hiding
    if hiding is None:
        return clean_line(state.key.tag, 60)
    until = f" until {hiding.until.astimezone(zone):%d %b %H:%M}" if hiding.until else ""
    who = clean_text(hiding.who.name or hiding.who.os_user, limit=_NAME_LIMIT)
    reason = f" ({clean_line(hiding.why, 60)}{f', {who}' if who else ''})" if hiding.why or who else ""
    return f"{clean_line(state.key.tag, 60)} {hiding.shown}{until}{reason}"


def _build_notes(report: ShiftReport, zone: tzinfo, join: EntryJoiner) -> DocumentField:
    notes = [note for note in report.notes if not is_handover_note(note)]
    texts = [
        f"{note.at.astimezone(zone):%H:%M} {clean_text(note.author, limit=_NAME_LIMIT)}:"
        f" {clean_line(note.text)}"
        for note in reversed(notes)
    ]
    return DocumentField("Notes", join("", texts, len(texts)) or "none")


def _build_integrity(report: ShiftReport) -> DocumentField:
    missing = sum(total.value or 0 for total in report.unweighed)
    text = f"{count_noun(round(missing), 'dose')} without a mass" if missing else "every dose has a mass"
    return DocumentField("Data integrity", text, missing > 0)


def _list_signatures(report: ShiftReport, zone: tzinfo) -> Iterable[DocumentField]:
    is_due = not report.is_running
    for label, signature in (
        ("Handed over by", report.handover.leave),
        ("Taken over by", report.handover.take),
    ):
        text = _format_signature(signature, zone)
        yield DocumentField(label, text or "not signed yet", is_due and not text)
    if report.previous_shift is not None:
        take, name = report.previous_handover.take, clean_text(report.previous_shift.name, limit=20)
        text = f"taken over by {_format_signature(take, zone)}" if take else "not taken over yet"
        yield DocumentField("Shift before", f"{name}: {text}", take is None)


def _format_signature(signature: HandoverSignature | None, zone: tzinfo) -> str:
    if signature is None:
        return ""
    name, role = clean_text(signature.name, limit=_NAME_LIMIT), clean_text(signature.account, limit=20)
    text = cut_at_word(clean_line(signature.text, 500), _SIGNATURE_WIDTH)
    return f"{name} (role {role}), {signature.signed_at.astimezone(zone):%d %b %H:%M:%S}: {text}"


def _join_entries(heading: str, entries: Sequence[str], count: int, *, max_entries: int) -> str:
    """``5 batches: a; b; c; and 2 more``."""
    named = [cut_at_word(entry, _ENTRY_WIDTH) for entry in entries[:max_entries]]
    if count > len(named) and named:
        named.append(f"and {format_count(count - len(named))} more")
    return ": ".join(part for part in (heading, "; ".join(named)) if part)
