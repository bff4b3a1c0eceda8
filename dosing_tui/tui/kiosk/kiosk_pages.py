"""The figures of each page of the wall mode, from the same rows as the console's tiles. Pure."""

from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.labels.station_labels import label_stations_compactly
from dosing_tui.domain.panels.panel_catalog import PRODUCTION_TODAY
from dosing_tui.domain.station_status import list_retired
from dosing_tui.live_snapshot import DatabasePart, LinkStatus, LiveSnapshot
from dosing_tui.tui.kiosk.kiosk_rotation import KioskPage
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.palette import DEVIATION, DEVIATION_BLOCK, STRONG, CellStyle
from dosing_tui.tui.rendering.priority_style import choose_priority_block, choose_priority_style
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tank_levels import format_percent_full
from dosing_tui.tui.tiles.shared.tank_mark import choose_tank_mark, index_alarms

MAX_FIGURES = 6
NO_DATA_AFTER = timedelta(minutes=10)
"""As for a station that is offline."""
_NAME_CELLS = 12


class KioskFigure(Struct, frozen=True):
    """A name, and its value in block letters; ``mark`` is the shape of an alarm or a band."""

    name: str
    value: str
    unit: str = ""
    style: CellStyle = STRONG
    mark: str = ""


class KioskTrouble(Struct, frozen=True):
    """A state in which the figures cannot be trusted, in block letters below them."""

    text: str
    style: CellStyle


def list_troubles(snapshot: LiveSnapshot, now: datetime) -> list[KioskTrouble]:
    """What keeps figures or alarms from being current, the worst first."""
    broker, database, parts = (
        snapshot.broker.status, snapshot.database.status, {fault.part for fault in snapshot.database_faults}
    )  # fmt: skip
    found = [
        (broker is LinkStatus.DOWN, "MQTT DOWN", Priority.HIGH),
        (database is LinkStatus.DOWN, "DB DOWN", Priority.MEDIUM),
        (DatabasePart.COLLECTOR in parts, "NO COLLECTOR", Priority.HIGH),
        (bool(parts - {DatabasePart.COLLECTOR}), "DB PARTLY", Priority.HIGH),
        (broker is LinkStatus.PARTIAL, "MQTT PARTLY", Priority.HIGH),
        (bool(snapshot.failed_threads), "PART FAILED", Priority.MEDIUM),
    ]
    troubles = [
        KioskTrouble(text, choose_priority_block(priority)) for holds, text, priority in found if holds
    ]
    last = snapshot.last_message_at
    if not troubles and (last is None or now - last > NO_DATA_AFTER):
        troubles.append(KioskTrouble("NO DATA", DEVIATION_BLOCK))
    return troubles


def build_page(page: KioskPage, context: RenderContext) -> list[KioskFigure]:
    """The figures of a page that rotates, the most urgent first; there is room for ``MAX_FIGURES``."""
    match page:
        case KioskPage.INVENTORY:
            return _list_tanks(context)
        case KioskPage.PRODUCTION:
            return _list_production(context)
        case KioskPage.STATIONS:
            return _list_stations(context)
        case _:
            return _list_overview(context)


class _Today(Struct, frozen=True):
    """Today's production in words."""

    batches: str = number_format.NO_VALUE
    doses: str = number_format.NO_VALUE
    dosed: str = number_format.NO_VALUE
    mass_symbol: str = ""
    out: str = number_format.NO_VALUE
    duration: str = number_format.NO_VALUE
    aborted: str = number_format.NO_VALUE


def _format_today(context: RenderContext) -> _Today:
    day = next((row for row in context.get_rows(PRODUCTION_TODAY) if row.day == 0), None)
    if day is None:
        return _Today()
    mass = number_format.choose_mass_unit(day.dosed_g or 0.0)
    return _Today(
        _format_count(day.batches), number_format.format_count(day.doses),
        mass.format_number(day.dosed_g), mass.symbol, number_format.format_decimal(day.out_percent, 1),
        number_format.format_decimal(day.avg_duration_s, 1), _format_count(day.aborted),
    )  # fmt: skip


def _format_count(count: int | None) -> str:
    return number_format.NO_VALUE if count is None else number_format.format_count(count)


def _list_overview(context: RenderContext) -> list[KioskFigure]:
    alarms, today = context.snapshot.alarms, _format_today(context)
    active = alarms.annunciated_alarms if alarms else ()
    worst = min((view.state.priority for view in active), key=lambda each: each.rank, default=None)
    tanks = _list_tanks(context)
    return [
        KioskFigure(
            "Alarms", number_format.NO_VALUE if alarms is None else str(len(active)),
            style=STRONG if worst is None else choose_priority_style(worst),
        ),
        KioskFigure("Batches today", today.batches),
        KioskFigure("Out of tol.", today.out, "%"),
        *([KioskFigure(tanks[0].name, *_rest_of(tanks[0]))] if tanks else []),
    ]  # fmt: skip


def _rest_of(tank: KioskFigure) -> tuple[str, str, CellStyle, str]:
    return tank.value, tank.unit, tank.style, tank.mark


def _list_production(context: RenderContext) -> list[KioskFigure]:
    today = _format_today(context)
    return [
        KioskFigure("Batches", today.batches),
        KioskFigure("Doses", today.doses),
        KioskFigure("Dosed", today.dosed, today.mass_symbol),
        KioskFigure("Out of tol.", today.out, "%"),
        KioskFigure("Duration", today.duration, "s"),
        KioskFigure("Aborted", today.aborted),
    ]


def _list_tanks(context: RenderContext) -> list[KioskFigure]:
    """The lowest tanks; in colour those with an alarm."""
    limits = context.limits.stock
    stations = label_stations_compactly(
        sorted({level.device_id for level in context.levels}), context.settings.short_names
    )
    levels = sorted(
        (level for level in context.levels if level.percent_full is not None),
        key=lambda level: level.percent_full or 0.0,
    )
    alarms = index_alarms(context.snapshot.alarms)
    figures = []
    for level in levels:
        band = limits.find_band(level)
        mark = choose_tank_mark(level, band, alarms)
        station = f"{sanitize_text(stations[level.device_id])} " if len(stations) > 1 else ""
        figures.append(
            KioskFigure(
                f"{station}{sanitize_text(level.chemical)}", format_percent_full(level.percent_full), "%",
                mark.style, mark.shape.strip(),
            )
        )  # fmt: skip
    return figures


def _list_stations(context: RenderContext) -> list[KioskFigure]:
    """How long each station has been silent, the longest first."""
    seen = dict(context.snapshot.device_last_seen)
    retired = list_retired(context.snapshot.alarms)
    known = dict.fromkeys((*context.limits.expected_stations, *seen))
    names = tuple(name for name in known if (name, "") not in retired)
    labels = fit_labels(names, _NAME_CELLS)
    offline = {
        view.state.key.device: view.state.priority
        for view in (context.snapshot.alarms.annunciated_alarms if context.snapshot.alarms else ())
        if view.state.key.rule == "DEVICE_OFFLINE" and view.state.active
    }
    ages = sorted(
        ((context.now - seen[name]).total_seconds() if name in seen else float("inf"), name) for name in names
    )
    figures = []
    for age, name in reversed(ages):
        is_silent = age > NO_DATA_AFTER.total_seconds()
        style = (
            choose_priority_style(offline[name]) if name in offline else DEVIATION if is_silent else STRONG
        )
        text = "never" if age == float("inf") else number_format.format_age(age)
        figures.append(KioskFigure(sanitize_text(labels[name]), text, style=style))
    return figures
