"""The shift report as a document: for the handover, the file and the wall."""

from collections import defaultdict
from datetime import timedelta, tzinfo

from dosing_tui import __version__
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.models import AlarmState
from dosing_tui.domain.batches.models import Status
from dosing_tui.domain.panels.panel_catalog import ProductionDay
from dosing_tui.domain.shift_report import OpenBatch, ShiftReport
from dosing_tui.export.documents.document import (
    Block,
    Document,
    Row,
    Section,
    Signatures,
    Table,
    facts,
    headings,
)
from dosing_tui.export.documents.formatting import UNKNOWN, clock, day_and_clock, fixed, span, stamp


def shift_document(report: ShiftReport, settings: Settings, zone: tzinfo) -> Document:
    begin = report.shift.since.astimezone(zone)
    sections = (
        Section("Shift", (_summary(report, zone),)),
        Section("Batches that began in the shift", (_batches(report),)),
        Section("Dosed (g)", _dosed(report)),
        Section("Stock (g)", (_stock(report),)),
        Section("Alarms", _alarms(report)),
        Section("Operators' notes", (_notes(report, zone),)),
        Section(f"Open at {day_and_clock(report.made_at, zone)}: batches to review",
                (_open(report.open_batches, report.unreviewed),)),
        Section(f"Open at {day_and_clock(report.made_at, zone)}: batches of earlier shifts to review",
                (_open(report.earlier_batches, report.earlier_unreviewed),)),
        Section(f"Open at {day_and_clock(report.made_at, zone)}: alarms", (_standing(report, zone),)),
        Section(f"Open at {day_and_clock(report.made_at, zone)}: hidden alarms", (_hidden(report, zone),)),
        Section("Handover", (Signatures(("Handed over by", "Taken over by")),)),
    )  # fmt: skip
    return Document(
        title="Shift report",
        name=f"{begin:%Y-%m-%d} {report.shift.name}",
        plant=settings.plant.name,
        sections=sections,
        foot=f"Shift {report.shift.name} of {begin:%Y-%m-%d}, printed {stamp(report.made_at, zone)}"
        f" ({settings.plant.timezone}) by dosing-tui {__version__}",
    )


def _summary(report: ShiftReport, zone: tzinfo) -> Block:
    shift, made = report.shift, report.production
    on = f"; on until {clock(shift.until, zone)}, told so far" if report.under_way else ""
    return facts(
        ("From", stamp(shift.since, zone)),
        ("To", f"{stamp(shift.until, zone)}{on}"),
        ("Completed", f"{made.batches:,} batches{_by_recipe(report)}"),
        ("Aborts reported", str(made.aborted), made.aborted > 0),
        ("Right first time", _right_first_time(report)),
        ("Doses", _doses(made)),
        ("Out of tolerance", f"{fixed(made.out_percent, 1)} % of the doses", bool(made.out_percent)),
        ("To review", f"{report.unreviewed:,} batches", report.unreviewed > 0),
        ("Of earlier shifts", f"{report.earlier_unreviewed:,} batches", report.earlier_unreviewed > 0),
    )


def _right_first_time(report: ShiftReport) -> str:
    percent = report.right_first_time_percent
    if percent is None:
        return "no batch has ended"
    return f"{percent:.1f} % ({report.clean} of {report.ended} are complete and without exceptions)"


def _doses(made: ProductionDay) -> str:
    if not made.doses:
        return "none"
    return f"{made.doses:,}, {fixed(made.dosed_g)} g, {fixed(made.avg_duration_s, 1)} s on average"


def _by_recipe(report: ShiftReport) -> str:
    each = ", ".join(f"{total.label or UNKNOWN} {total.value or 0:.0f}" for total in report.completed)
    return f": {each}" if each else ""


def _batches(report: ShiftReport) -> Block:
    """One row for each recipe, a column for each status that is met."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    wrong: dict[str, int] = defaultdict(int)
    for each in report.batches:
        counts[each.recipe][each.status] = each.batches
        wrong[each.recipe] += each.with_findings
    met = [status.value for status in Status if any(status in row for row in counts.values())]
    rows = [
        Row((recipe or UNKNOWN, *(str(row.get(status, 0)) for status in met), str(sum(row.values())),
             str(wrong[recipe])))
        for recipe, row in counts.items()
    ]  # fmt: skip
    if len(rows) > 1:
        sums = [sum(row.get(status, 0) for row in counts.values()) for status in met]
        rows.append(Row(("Total", *map(str, [*sums, sum(sums), sum(wrong.values())])), total=True))
    titles = headings("Recipe", *(f">{status}" for status in met), ">all", ">with exceptions")
    return Table(titles, tuple(rows))


def _dosed(report: ShiftReport) -> tuple[Block, ...]:
    rows = [Row((total.label or UNKNOWN, fixed(total.value))) for total in report.dosed]
    if len(rows) > 1:
        rows.append(Row(("Total", fixed(report.production.dosed_g)), total=True))
    table = Table(headings("Chemical", ">Dosed"), tuple(rows), "Nothing was dosed.")
    if not report.unweighed:
        return (table,)
    each = ", ".join(
        f"{total.value or 0:.0f} dose{'' if total.value == 1 else 's'} of {total.label or UNKNOWN}"
        for total in report.unweighed
    )
    return (table, facts(("Without a mass", f"{each}: not in these grams", True)))


def _stock(report: ShiftReport) -> Block:
    rows = tuple(
        Row((tank.device_id, tank.chemical, fixed(tank.start_g), fixed(tank.start_percent, 1),
             f"{fixed(tank.dosed_g)}{'+?' if tank.unweighed else ''}", fixed(tank.end_g),
             fixed(tank.end_percent, 1), fixed(tank.refilled_g, sign=True)))
        for tank in report.stock
    )  # fmt: skip
    titles = headings(
        "Station", "Chemical", ">Start", ">%", ">Dosed", ">End", ">%", ">Filled or lost"
    )  # fmt: skip
    return Table(titles, rows, "No tank level is known.")


def _alarms(report: ShiftReport) -> tuple[Block, ...]:
    counted = ", ".join(f"{count} {priority}" for priority, count in report.raised)
    rows = tuple(
        Row((each.key.tag, each.priority.value, str(each.raised),
             span(round(each.active / timedelta(seconds=1))), each.message))
        for each in report.top_alarms
    )  # fmt: skip
    titles = headings("Alarm", "Priority", ">Raised", ">Active", "Last said")
    return (facts(("Raised", counted)), Table(titles, rows, "No alarm was active."))


def _notes(report: ShiftReport, zone: tzinfo) -> Block:
    rows = tuple(
        Row((clock(note.at, zone), note.author, note.device or "plant", note.text)) for note in report.notes
    )
    return Table(headings("Time", "Author", "About", "Note"), rows)


def _open(batches: tuple[OpenBatch, ...], every: int) -> Block:
    rows = [_open_row(each) for each in batches]
    if (more := every - len(rows)) > 0:
        rows.append(Row((f"and {more:,} more", "", "", "", "")))
    return Table(headings("Batch", "Recipe", "Status", "Review", "Exceptions"), tuple(rows))


def _open_row(each: OpenBatch) -> Row:
    kinds = f"{each.findings}: {', '.join(each.finding_kinds)}" if each.findings else "none"
    cells = (each.batch_id, each.recipe or UNKNOWN, each.status, each.review_state, kinds)
    return Row(cells, marked=each.findings > 0)


def _standing(report: ShiftReport, zone: tzinfo) -> Block:
    rows = tuple(
        Row((state.priority.value, state.key.tag, state.shown.value, day_and_clock(state.raised_at, zone),
             state.message), marked=True)
        for state in report.standing
    )  # fmt: skip
    return Table(headings("Priority", "Alarm", "State", "Raised", "Said"), rows)


def _hidden(report: ShiftReport, zone: tzinfo) -> Block:
    rows = tuple(_hidden_row(state, zone) for state in report.hidden)
    return Table(headings("Alarm", "State", "Until", "Why", "Who"), rows)


def _hidden_row(state: AlarmState, zone: tzinfo) -> Row:
    hiding = state.hiding
    if hiding is None:
        return Row((state.key.tag, state.shown.value, UNKNOWN, UNKNOWN, UNKNOWN))
    until = day_and_clock(hiding.until, zone)
    who = hiding.who.name or hiding.who.os_user or UNKNOWN
    return Row((state.key.tag, state.shown.value, until, hiding.why or UNKNOWN, who), marked=True)
