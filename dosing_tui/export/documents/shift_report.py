"""Builds the shift report: production, stock, alarms, notes and open items for the handover."""

from collections import defaultdict
from datetime import timedelta, tzinfo

from dosing_tui import __version__
from dosing_tui.config.settings import Settings
from dosing_tui.database.operator_notes import MAX_NOTES
from dosing_tui.domain.alarms.models import Suppression
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.panels.panel_catalog import ProductionDay
from dosing_tui.domain.quantities.quantity_text import count_noun, format_count, format_percent
from dosing_tui.domain.shift_report import TOP_COUNT, ShiftReport, UnreviewedBatch
from dosing_tui.export.documents.document import (
    Document,
    DocumentBlock,
    DocumentRow,
    DocumentSection,
    DocumentTable,
    SignatureBlock,
    TextBlock,
    make_field_list,
    make_headings,
    mark_cut,
)
from dosing_tui.export.documents.formatting import (
    UNKNOWN,
    format_date_time,
    format_duration,
    format_level_number,
    format_number,
    format_rebuild,
    format_time,
    format_timestamp,
)
from dosing_tui.export.documents.handover_page import list_page_sections

MAX_LISTED = 12
"""Recipes that are named in a line; the table below names all."""


def build_shift_document(report: ShiftReport, settings: Settings, zone: tzinfo) -> Document:
    begin = report.shift.since.astimezone(zone)
    opened = f"Open at {format_date_time(report.made_at, zone)}"
    sections = (
        *list_page_sections(report, zone)[:2],
        DocumentSection("Details", (_build_summary(report, zone),)),
        DocumentSection("Batches started in the shift", (_build_batches(report),)),
        DocumentSection("Dosed (g)", _build_consumption(report)),
        DocumentSection("Stock (g)", (_build_stock(report),)),
        DocumentSection("Alarms", _build_alarms(report)),
        DocumentSection("Operator notes", (_build_notes(report, zone),)),
        DocumentSection(
            f"{opened}: batches to review", (_build_unreviewed(report.open_batches, report.unreviewed),)
        ),
        DocumentSection(
            f"{opened}: batches of earlier shifts to review",
            (_build_unreviewed(report.earlier_batches, report.earlier_unreviewed),),
        ),
        DocumentSection(f"{opened}: alarms", (_build_active_alarms(report, zone),)),
        DocumentSection(f"{opened}: suppressed alarms", (_build_hidden_alarms(report, zone),)),
        *([DocumentSection("Audit trail", (TextBlock((report.anchor,)),))] if report.anchor else []),
        *(
            []
            if report.handover.is_complete
            else [DocumentSection("Signatures", (SignatureBlock(_list_roles(report)),))]
        ),
    )
    return Document(
        title="Shift report",
        name=f"{begin:%Y-%m-%d} {report.shift.name}",
        plant=settings.plant.name,
        sections=sections,
        footer=f"Shift {report.shift.name} of {begin:%Y-%m-%d},"
        f" printed {format_timestamp(report.made_at, zone)} ({settings.plant.timezone})"
        f" by dosing-tui {__version__}",
    )


def _list_roles(report: ShiftReport) -> tuple[str, ...]:
    """Whose signature is still missing, to sign on paper."""
    signed = (("Handed over by", report.handover.leave), ("Taken over by", report.handover.take))
    return tuple(role for role, signature in signed if signature is None)


def _build_summary(report: ShiftReport, zone: tzinfo) -> DocumentBlock:
    shift, made = report.shift, report.production
    progress = f" (in progress at {format_time(report.made_at, zone)})" if report.is_running else ""
    return make_field_list(
        ("From", format_timestamp(shift.since, zone)),
        ("To", f"{format_timestamp(shift.until, zone)}{progress}"),
        *(
            [("Being rebuilt", format_rebuild(report.stations_in_rebuild), True)]
            if report.stations_in_rebuild
            else []
        ),
        ("Completed", f"{count_noun(made.batches or 0, 'batch', 'batches')}{_format_recipe_totals(report)}"),
        ("Aborted", f"{format_count(made.aborted or 0)}", bool(made.aborted)),
        ("Right first time", _format_right_first_time(report)),
        ("Doses", _format_doses(made, is_bound=bool(report.unweighed))),
        ("Out of tolerance", f"{format_number(made.out_percent, 1)} % of the doses", bool(made.out_percent)),
        ("To review", count_noun(report.unreviewed, "batch", "batches"), report.unreviewed > 0),
        (
            "From earlier shifts",
            count_noun(report.earlier_unreviewed, "batch", "batches"),
            report.earlier_unreviewed > 0,
        ),
    )


def _format_right_first_time(report: ShiftReport) -> str:
    percent = report.right_first_time_percent
    if percent is None:
        return "no batch ended"
    counts = f"{report.clean_batches} of {count_noun(report.ended_batches, 'batch', 'batches')}"
    return f"{format_percent(percent)} ({counts} complete and without exceptions)"


def _format_mass(mass_g: float | None, *, is_bound: bool, sign: bool = False) -> str:
    """A mass in g; as a bound where doses without a mass are not in it."""
    text = format_number(mass_g, sign=sign)
    return f"≥ {text}" if is_bound and mass_g is not None else text


def _format_doses(production: ProductionDay, *, is_bound: bool) -> str:
    if not production.doses:
        return "none"
    mass = _format_mass(production.dosed_g, is_bound=is_bound)
    duration = format_number(production.avg_duration_s, 1)
    return f"{format_count(production.doses)}, {mass} g, {duration} s on average"


def _format_recipe_totals(report: ShiftReport) -> str:
    each = [f"{total.label or UNKNOWN} {format_count(round(total.value or 0))}" for total in report.completed]
    rest = [f"and {format_count(len(each) - MAX_LISTED)} more"] if len(each) > MAX_LISTED else []
    return f": {', '.join([*each[:MAX_LISTED], *rest])}" if each else ""


def _build_batches(report: ShiftReport) -> DocumentBlock:
    """One row per recipe; one column per status that occurs."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    wrong: dict[str, int] = defaultdict(int)
    for each in report.batches:
        counts[each.recipe][each.status] = each.batches
        wrong[each.recipe] += each.with_findings
    met = [status.value for status in BatchStatus if any(status in row for row in counts.values())]
    rows = [
        DocumentRow((recipe or UNKNOWN, *(str(row.get(status, 0)) for status in met), str(sum(row.values())),
             str(wrong[recipe])))
        for recipe, row in counts.items()
    ]  # fmt: skip
    if len(rows) > 1:
        sums = [sum(row.get(status, 0) for row in counts.values()) for status in met]
        rows.append(DocumentRow(("Total", *map(str, [*sums, sum(sums), sum(wrong.values())])), is_total=True))
    titles = make_headings("Recipe", *(f">{status}" for status in met), ">all", ">with exceptions")
    return DocumentTable(titles, tuple(rows))


def _build_consumption(report: ShiftReport) -> tuple[DocumentBlock, ...]:
    unweighed = {total.label for total in report.unweighed}
    rows = [
        DocumentRow((total.label or UNKNOWN, _format_mass(total.value, is_bound=total.label in unweighed)))
        for total in report.dosed
    ]
    if len(rows) > 1:
        total = _format_mass(report.production.dosed_g, is_bound=bool(unweighed))
        rows.append(DocumentRow(("Total", total), is_total=True))
    table = DocumentTable(make_headings("Chemical", ">Dosed"), tuple(rows), "No doses.")
    if not report.unweighed:
        return (table,)
    each = ", ".join(
        f"{count_noun(round(total.value or 0), 'dose')} of {total.label or UNKNOWN}"
        for total in report.unweighed
    )
    return (table, make_field_list(("Mass not measured", f"{each} (not in the total)", True)))


def _build_stock(report: ShiftReport) -> DocumentBlock:
    return DocumentTable(
        make_headings("Station", "Chemical", ">Start", ">%", ">Dosed", ">End", ">%", ">Refill/loss"),
        tuple(
            DocumentRow(
                (
                    tank.device_id,
                    tank.chemical,
                    format_number(tank.start_g),
                    format_level_number(tank.start_percent),
                    _format_mass(tank.dosed_g, is_bound=tank.unweighed > 0),
                    format_number(tank.end_g),
                    format_level_number(tank.end_percent),
                    _format_mass(tank.refilled_g, is_bound=tank.taken_unweighed > 0, sign=True),
                )
            )
            for tank in report.stock
        ),
        "No tank levels.",
    )


def _build_alarms(report: ShiftReport) -> tuple[DocumentBlock, ...]:
    counted = ", ".join(f"{count} {priority}" for priority, count in report.raised)
    counted = f"at least {counted}" if report.has_more_alarms else counted
    rows = tuple(
        DocumentRow((each.key.tag, each.priority.value, str(each.raised),
             format_duration(round(each.active / timedelta(seconds=1))), each.message))
        for each in report.top_alarms[:TOP_COUNT]
    )  # fmt: skip
    if (more := len(report.top_alarms) - TOP_COUNT) > 0:
        rows += (DocumentRow((f"and {format_count(more)} more", "", "", "", "")),)
    titles = make_headings("Alarm", "Priority", ">Raised", ">Active", "Last message")
    return (make_field_list(("Raised", counted)), DocumentTable(titles, rows, "No alarms."))


def _build_notes(report: ShiftReport, zone: tzinfo) -> DocumentBlock:
    return DocumentTable(
        make_headings("Time", "Author", "Station", "Note"),
        mark_cut(
            [
                DocumentRow((format_time(note.at, zone), note.attribution, note.device or "plant", note.text))
                for note in report.notes
            ],
            MAX_NOTES, 4,
        ),
    )  # fmt: skip


def _build_unreviewed(batches: tuple[UnreviewedBatch, ...], total: int) -> DocumentBlock:
    rows = [_build_unreviewed_row(each) for each in batches]
    if (more := total - len(rows)) > 0:
        rows.append(DocumentRow((f"and {format_count(more)} more", "", "", "", "")))
    return DocumentTable(make_headings("Batch", "Recipe", "Status", "Review", "Exceptions"), tuple(rows))


def _build_unreviewed_row(each: UnreviewedBatch) -> DocumentRow:
    kinds = f"{each.findings}: {', '.join(each.finding_kinds)}" if each.findings else "none"
    cells = (each.batch_id, each.recipe or UNKNOWN, each.status, each.review_state, kinds)
    return DocumentRow(cells, is_flagged=each.findings > 0)


def _build_active_alarms(report: ShiftReport, zone: tzinfo) -> DocumentBlock:
    return DocumentTable(
        make_headings("Priority", "Alarm", "State", "Raised", "Message"),
        tuple(
            DocumentRow(
                (
                    state.priority.value,
                    state.key.tag,
                    state.state_name.value,
                    format_date_time(state.raised_at, zone),
                    state.message,
                ),
                is_flagged=True,
            )
            for state in report.standing
        ),
    )


def _build_hidden_alarms(report: ShiftReport, zone: tzinfo) -> DocumentBlock:
    return DocumentTable(
        make_headings("Alarm", "State", "Until", "Reason", "Operator"),
        tuple(
            DocumentRow(
                (state.key.tag, state.state_name.value, *_format_suppression(state.hiding, zone)),
                is_flagged=state.hiding is not None,
            )
            for state in report.hidden
        ),
    )


def _format_suppression(hiding: Suppression | None, zone: tzinfo) -> tuple[str, str, str]:
    """Until when, why and by whom."""
    if hiding is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    operator = hiding.who.name or hiding.who.os_user or UNKNOWN
    return format_date_time(hiding.until, zone), hiding.why or UNKNOWN, operator
