"""How the list of batches is drawn: its tabs with their counts, and a row for each batch. Pure."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from dosing_tui.domain.batch_review.query_models import BatchRow, Counts
from dosing_tui.domain.batch_review.review_rules import Meaning, ReviewState
from dosing_tui.domain.batches.models import Status
from dosing_tui.tui.data.batch_list_state import OF_NOT_COMPLETE, Browsing, Tab, Wanted, chosen
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain, sentence
from dosing_tui.tui.rendering.data_table import Column, Reader, Table, paint
from dosing_tui.tui.rendering.palette import DIM, HOT, Pen, Tone


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rows need to know besides the batch."""

    now: datetime
    zone: tzinfo
    stations: tuple[tuple[str, str], ...] = ()
    """Station and its short name; none where there is only one."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the list."""

    wanted: Wanted
    counts: Counts | None
    keys: tuple[str, str]
    """Only those to review, only those with exceptions."""


STATES = {
    Status.OPEN: ("◇", "under way"),
    Status.COMPLETE: ("●", "complete"),
    Status.ABORTED: ("■", "aborted"),
    Status.INCOMPLETE: ("■", "incomplete"),
    Status.NO_START: ("■", "no start"),
    Status.COMPLETE_ONLY: ("■", "complete only"),
}
"""Shape and word of each status."""
REVIEWS = {
    ReviewState.UNREVIEWED.value: "to review",
    ReviewState.OUTDATED.value: "changed since",
    Meaning.DEVIATION.value: "with deviation",
    Meaning.NEEDS_INFORMATION.value: "needs info",
    ReviewState.CONFIRMED_DEVIATION.value: "dev. confirmed",
}
"""Where the list has other words than the review itself."""
_LOUD_REVIEWS = frozenset({ReviewState.OUTDATED.value, Meaning.REJECTED.value})
_SHORT = {Tab.ALL: "All", Tab.UNDER_WAY: "Open", Tab.COMPLETE: "Done", Tab.NOT_COMPLETE: "Other"}
"""The tabs that stand side by side, with their names in a narrow window."""
_MANY = 1_000
"""Counts of so many batches take more room than a narrow window has."""
_TAB = Pen(Tone.TEXT, Tone.BAND)
_HERE = Pen(Tone.HOT, Tone.SELECT, bold=True)
_QUIET = Pen(Tone.DIM, Tone.BAND)


def tabs_row(head: Head, width: int) -> Rows:
    """Tabs on the left, what narrows them on the right; each with how many batches it has."""
    canvas = Canvas(width, 1, _QUIET)
    x = 1 if width >= 100 else 0
    counts, single = head.counts, head.wanted.tab in OF_NOT_COMPLETE
    for tab in _SHORT:
        here = single if tab is Tab.NOT_COMPLETE else tab is head.wanted.tab
        text = f" {_tab_words(head, tab, width)} "
        x = canvas.text(x, 0, text, _HERE if here or tab is head.wanted.tab else _TAB)
    unreviewed, with_findings = (None, None) if counts is None else (counts.unreviewed, counts.with_findings)
    chips = (
        (head.keys[0], "to review", head.wanted.unreviewed, unreviewed),
        (head.keys[1], "exceptions", head.wanted.with_findings, with_findings),
    )
    end = width - 1
    for key, name, on, count in reversed(chips):
        short = name if width >= 100 else name.removeprefix("to ")
        few = counts is not None and counts.batches < _MANY
        roomy = few if single or width < 100 else True
        said = f"{short} {number_format.count(count)}" if count is not None and roomy else short
        end = canvas.right(end, 0, f" {said} ", _HERE if on else _TAB)
        end = canvas.right(end, 0, key, Pen(Tone.CREST, Tone.BAND, bold=True)) - 1
    return canvas.rows


def _tab_words(head: Head, tab: Tab, width: int) -> str:
    """Where a status of those that are not complete is chosen alone, it stands in their place."""
    name = tab.value if width >= 100 else _SHORT[tab]
    chosen_tab = head.wanted.tab
    if tab is not Tab.NOT_COMPLETE:
        return f"{name}{_count(head, tab)}"
    if chosen_tab not in OF_NOT_COMPLETE:
        return f"{name}{_count(head, tab)} ›"
    return (
        f"{name}: {chosen_tab}{_count(head, chosen_tab)}"
        if width >= 100
        else (f"{chosen_tab}{_count(head, chosen_tab)}")
    )


def _count(head: Head, tab: Tab) -> str:
    counts = head.counts
    if counts is None:
        return ""
    of = {
        Tab.ALL: counts.batches,
        Tab.UNDER_WAY: counts.under_way,
        Tab.COMPLETE: counts.complete,
        Tab.NOT_COMPLETE: counts.not_complete,
        Tab.ABORTED: counts.aborted,
        Tab.INCOMPLETE: counts.incomplete,
        Tab.NO_START: counts.no_start,
        Tab.COMPLETE_ONLY: counts.complete_only,
    }
    return f" {number_format.count(of[tab])}"


def list_rows(browsing: Browsing, facts: Facts, width: int, height: int, *, nothing: str) -> Rows:
    """The heading, and the batches from ``browsing.first`` on; ``nothing`` where there are none."""
    if not browsing.rows:
        return sentence(nothing, width, height)
    return paint(
        list_table(browsing, facts), width, height, Reader(held=chosen(browsing), first=browsing.first),
        select=True,
    )  # fmt: skip


def list_table(browsing: Browsing, facts: Facts) -> Table[BatchRow]:
    return Table(browsing.rows, (*_BEFORE, *((_STATION,) if facts.stations else ()), *_COLUMNS), facts)


def status_words(status: str) -> tuple[str, str]:
    """Shape and word; of a status that is not known here, its own name."""
    return STATES[Status(status)] if status in set(Status) else ("■", plain(status, 14))


def review_words(state: str, *, short: bool = True) -> str:
    if not short and state == ReviewState.CONFIRMED_DEVIATION:
        return state
    return REVIEWS.get(state, plain(state, 24))


def is_loud(status: str) -> bool:
    return status not in (Status.OPEN, Status.COMPLETE)


def minutes(row: BatchRow) -> float | None:
    return None if row.ends_at is None else (row.ends_at - row.begins_at).total_seconds() / 60


def _when(row: BatchRow, facts: Facts, width: int, ground: Tone) -> Rows:
    """The time alone of today; with its day where there is room or it is another."""
    local = row.begins_at.astimezone(facts.zone)
    today = local.date() == facts.now.astimezone(facts.zone).date()
    canvas = Canvas(width, 1, Pen(bg=ground))
    year = local.year == facts.now.astimezone(facts.zone).year
    text = f"{local:%d %b %H:%M}" if year else f"{local:%d.%m.%y} {local:%H:%M}"
    canvas.text(0, 0, "today  " if today else text[:-5], Pen(Tone.DIM, ground), width=width)
    canvas.right(width, 0, f"{local:%H:%M}", Pen(Tone.TEXT, ground))
    return canvas.rows


def _status(row: BatchRow, facts: Facts, width: int, ground: Tone) -> Rows:
    shape, word = status_words(row.status)
    canvas = Canvas(width, 1, Pen(bg=ground))
    tone = Tone.WARN if is_loud(row.status) else Tone.DIM if row.status == Status.COMPLETE else Tone.CREST
    pen = Pen(tone, ground, bold=tone is Tone.WARN)
    canvas.text(0, 0, f"{shape} {word}", pen, width=width)
    return canvas.rows


def _exceptions(row: BatchRow, facts: Facts, width: int, ground: Tone) -> Rows:
    canvas = Canvas(width, 1, Pen(bg=ground))
    if row.findings:
        x = canvas.text(0, 0, f"▲ {row.findings:<2} ", Pen(Tone.WARN, ground, bold=True))
        canvas.text(x, 0, ", ".join(row.finding_kinds), Pen(Tone.TEXT, ground), width=max(0, width - x))
    return canvas.rows


def _review(row: BatchRow, facts: Facts, width: int, ground: Tone) -> Rows:
    canvas = Canvas(width, 1, Pen(bg=ground))
    state = row.review_state
    loud, waits = state in _LOUD_REVIEWS, state == ReviewState.UNREVIEWED
    waits = waits and row.status != Status.OPEN
    pen = Pen(Tone.WARN, ground, bold=True) if loud else Pen(Tone.HOT if waits else Tone.DIM, ground)
    words_now = "–" if row.status == Status.OPEN and state == ReviewState.UNREVIEWED else review_words(state)
    x = canvas.text(0, 0, f"{'▲' if loud else '□' if waits else ' '} {words_now}", pen, width=width)
    if row.disposed_by and width - x > 4:
        canvas.text(x + 2, 0, row.reviewers, Pen(Tone.DIM, ground), width=width - x - 2)
    return canvas.rows


def _error(row: BatchRow) -> float | None:
    if row.target_g is None or row.actual_g is None:
        return None
    return round(row.actual_g - row.target_g, 6)


def _doses(row: BatchRow) -> str:
    return f"{row.doses}/{row.pumps}" if row.pumps is not None else str(row.doses)


_BEFORE: tuple[Column[BatchRow], ...] = (
    Column("Begun", 12, 95, lambda row, facts: number_format.full_stamp(row.begins_at, facts.zone),
           lambda row, facts: row.begins_at, draw=_when, grow=2),
    Column("Nr", 3, 80, lambda row, facts: plain(row.batch_id.rpartition("-")[2], 6), pen=DIM, right=True),
)  # fmt: skip
_STATION: Column[BatchRow] = Column(
    "Stn", 3, 70,
    lambda row, facts: plain(dict(facts.stations).get(row.device_id, row.device_id), 24), grow=6,
)  # fmt: skip
_COLUMNS: tuple[Column[BatchRow], ...] = (
    Column("Recipe", 9, 92, lambda row, facts: plain(row.recipe, 40), pen=HOT, grow=5),
    Column("Mode", 8, 10, lambda row, facts: plain(row.mode, 16), pen=DIM),
    Column("Status", 12, 94, lambda row, facts: status_words(row.status)[1], draw=_status, grow=3),
    Column("Doses", 5, 30, lambda row, facts: _doses(row), lambda row, facts: row.doses, right=True),
    Column(
        "Mass g",
        8,
        20,
        lambda row, facts: number_format.NOTHING if row.actual_g is None else f"{row.actual_g:.2f}",
        lambda row, facts: row.actual_g,
        unit="g",
        right=True,
    ),
    Column(
        "Error g",
        7,
        40,
        lambda row, facts: number_format.signed(_error(row)),
        lambda row, facts: _error(row),
        unit="g",
        right=True,
    ),
    Column(
        "min",
        5,
        35,
        lambda row, facts: number_format.NOTHING if minutes(row) is None else f"{minutes(row):.1f}",
        lambda row, facts: minutes(row),
        unit="min",
        pen=DIM,
        right=True,
    ),
    Column(
        "Exceptions",
        18,
        93,
        lambda row, facts: ", ".join(row.finding_kinds),
        draw=_exceptions,
        grow=60,
        least=6,
    ),
    Column("Review", 16, 94, lambda row, facts: review_words(row.review_state), draw=_review, grow=10),
)
