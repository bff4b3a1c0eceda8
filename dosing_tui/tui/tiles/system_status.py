"""Data integrity: counts of readings, role, connections, panels, spools, stations, log file."""

import os
from collections.abc import Iterator, Mapping

from msgspec import Struct

from dosing_tui.domain.messages.models import Reading
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.panel_catalog import OVERVIEW_PANELS
from dosing_tui.domain.panels.spool_progress import SPOOLS_PANEL
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.live_snapshot import LinkState, LinkStatus, MessageCounts, Role
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, paint_cells, wrap_text
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import choose_rule_style
from dosing_tui.tui.scope.render_context import PanelResult, RenderContext
from dosing_tui.tui.tiles.shared.station_health_text import index_health, list_health_texts
from dosing_tui.tui.tiles.shared.tile_content import TileContent

TITLE = "Data integrity"
_BROKER_RULES = {LinkStatus.DOWN: "BROKER_DOWN", LinkStatus.PARTIAL: "TOPIC_REFUSED"}
_DATABASE_RULES = {LinkStatus.DOWN: "DB_DOWN", LinkStatus.PARTIAL: "DB_PARTIAL"}
_ROLE_TEXTS = {
    Role.UNDECIDED: "not elected yet",
    Role.COLLECTOR: "collector: this process stores the readings of the site",
    Role.STANDBY: "standby: another process collects; this one takes over when it stops",
    Role.VIEWER: "viewer: this process does not store readings",
}


class SystemStatusLine(Struct, frozen=True):
    label: str
    value: str
    style: CellStyle = TEXT


class SystemStatusSection(Struct, frozen=True):
    title: str
    lines: tuple[SystemStatusLine, ...]


class SystemStatus(Struct, frozen=True):
    left_column: tuple[SystemStatusSection, ...]
    right: tuple[SystemStatusSection, ...]


def build_system_status(context: RenderContext) -> TileContent[SystemStatus]:
    number = context.snapshot.process_number or os.getpid()
    left = (
        SystemStatusSection(
            f"Readings of process {number}", tuple(_list_counts(context.snapshot.message_counts))
        ),
        SystemStatusSection("Process", tuple(_list_process(context))),
    )
    right = (
        SystemStatusSection("Panels", tuple(_list_panels(context))),
        SystemStatusSection("Spools of this site, from the database", tuple(_list_spools(context))),
        SystemStatusSection("Last message by station", tuple(_list_stations(context))),
    )
    return TileContent(
        TITLE,
        SystemStatus(left, right),
        paint_system_status,
        unit="received = stored + duplicates + spooled + rejected",
    )


def _list_counts(counts: MessageCounts) -> Iterator[SystemStatusLine]:
    for label, count, is_strong in (
        ("received", counts.received, True),
        ("= stored", counts.stored, False),
        ("+ duplicates", counts.duplicates, False),
        ("+ spooled", counts.spooled, counts.spooled > 0),
        ("+ rejected", counts.rejected, counts.rejected > 0),
        ("possible repeats", counts.possible_repeats, counts.possible_repeats > 0),
    ):
        yield SystemStatusLine(label, number_format.format_count(count), STRONG if is_strong else TEXT)
    yield SystemStatusLine(
        "reconciled",
        "yes" if counts.is_reconciled else "■ NO",
        TEXT if counts.is_reconciled else DEVIATION,
    )


def _list_process(context: RenderContext) -> Iterator[SystemStatusLine]:
    picture = context.snapshot
    yield SystemStatusLine("role", _ROLE_TEXTS[picture.role])
    if picture.notice:
        yield SystemStatusLine("notice", clean_line(picture.notice), STRONG)
    yield _format_link("broker", picture.broker, _BROKER_RULES, context)
    yield _format_link("database", picture.database, _DATABASE_RULES, context)
    yield from _list_topics(context)
    last = picture.last_message_at
    yield SystemStatusLine(
        "last message",
        "none yet" if last is None else number_format.format_full_timestamp(last, context.zone),
    )
    yield SystemStatusLine("rate", f"{number_format.format_decimal(picture.message_rate, 1)} messages/s")
    yield SystemStatusLine("time zone", context.settings.plant.timezone)
    yield SystemStatusLine("log file", context.log_file or number_format.NO_VALUE)


def _list_topics(context: RenderContext) -> Iterator[SystemStatusLine]:
    """Each topic with its last message. A broker with an ACL file may grant a topic and never deliver it."""
    snapshot = context.snapshot
    newest: tuple[tuple[Reading, ...], ...] = (snapshot.doses[:1], snapshot.events[:1], snapshot.levels)
    for topic, readings in zip(context.settings.mqtt.topics, newest, strict=True):
        live = [at for name, at in snapshot.topic_last_message if name == topic]
        last = max([*live, *(reading.received_at for reading in readings)], default=None)
        if topic in snapshot.refused_topics:
            yield SystemStatusLine(
                "topic",
                f"■ {topic}: the broker refuses it to this account",
                choose_rule_style("TOPIC_REFUSED"),
            )
        elif last is None:
            text = f"{topic}: has never delivered. If stations publish on it, check the broker's access rules"
            yield SystemStatusLine("topic", text, STRONG)
        else:
            yield SystemStatusLine(
                "topic", f"{topic}: {number_format.format_age((context.now - last).total_seconds())}"
            )


def _format_link(
    name: str, state: LinkState, rules: Mapping[LinkStatus, str], context: RenderContext
) -> SystemStatusLine:
    """``rules``: of the alarms that a link raises in this state."""
    since = (
        f" since {number_format.format_timestamp(state.since, context.zone, now=context.now)}"
        if state.since
        else ""
    )
    why = f": {clean_line(state.reason)}" if state.reason else ""
    return SystemStatusLine(
        name,
        f"{state.status.value}{since}{why}",
        choose_rule_style(rules[state.status]) if state.status in rules else TEXT,
    )


def _list_panels(context: RenderContext) -> Iterator[SystemStatusLine]:
    for panel in OVERVIEW_PANELS:
        answer = context.get_result(panel)
        when = (
            "not loaded yet"
            if answer.loaded_at is None
            else number_format.format_age((context.now - answer.loaded_at).total_seconds())
        )
        error = _describe_panel_error(answer, context.snapshot.database)
        text = f"{when} · {error}" if error else when
        yield SystemStatusLine(panel.id, text, CellStyle(ColourRole.DEVIATION) if error else TEXT)


def _describe_panel_error(answer: PanelResult, database: LinkState) -> str:
    """The database's own line says why it is down; once it is back, a panel in sight is read again."""
    if not answer.is_database_down:
        return clean_line(answer.error)
    return "no database" if database.status is LinkStatus.DOWN else ""


def _list_spools(context: RenderContext) -> Iterator[SystemStatusLine]:
    rows = context.get_rows(SPOOLS_PANEL)
    if not rows:
        yield SystemStatusLine(
            "none", context.explain_empty(SPOOLS_PANEL, "nothing").replace("\n", ": "), DIM
        )
    for row in rows:
        age = number_format.format_age((context.now - row.updated_at).total_seconds())
        stored = number_format.format_count(row.stored)
        counts = f"{stored} stored, {count_noun(row.duplicates, 'duplicate')}, {row.rejected} rejected"
        yield SystemStatusLine(str(row.spool_id)[:8], f"{counts} · {age}")


def _list_stations(context: RenderContext) -> Iterator[SystemStatusLine]:
    health, seen = index_health(context), dict(context.snapshot.device_last_seen)
    if not seen:
        yield SystemStatusLine("none yet", "")
    offline = {
        each.device_id for each in context.snapshot.presences if each.is_offline(seen.get(each.device_id))
    }
    for device in sorted({*seen, *offline}):
        parts: list[str] = []
        if device in seen:
            parts.append(number_format.format_age((context.now - seen[device]).total_seconds()))
        if device in offline:
            parts.append("offline")
        parts += list_health_texts(health[device]) if device in health else ()
        is_lossy = device in health and bool(health[device].messages_lost)
        yield SystemStatusLine(clean_line(device, 28), " · ".join(parts), STRONG if is_lossy else TEXT)


class _Run(Struct, frozen=True):
    """A text of a line: from column ``x`` on, in at most ``width`` cells."""

    x: int
    width: int
    text: str
    style: CellStyle


@paint_cells
def paint_system_status(canvas: Canvas, data: SystemStatus, first: int = 0) -> None:
    """Two columns from line ``first`` on; the last row says how many follow, or are above."""
    columns = _lay_out_columns(data, canvas.width)
    hidden = count_hidden_lines(data, canvas.width, canvas.height)
    visible = canvas.height - (hidden > 0)
    for lines in columns:
        for y, runs in enumerate(lines[first : first + visible]):
            for run in runs:
                canvas.write_text(run.x, y, run.text, run.style, width=run.width)
    if hidden:
        rest = (
            count_noun(hidden - first, "more line")
            if first < hidden
            else f"{count_noun(first, 'line')} above"
        )
        canvas.write_right(canvas.width, visible, rest, DIM)


def count_hidden_lines(data: SystemStatus, width: int, height: int) -> int:
    """Lines of the longer column that have no room in this size."""
    count = max(len(lines) for lines in _lay_out_columns(data, width))
    return count - (height - 1) if count > height else 0


def _lay_out_columns(data: SystemStatus, width: int) -> tuple[list[list[_Run]], list[list[_Run]]]:
    middle = width // 2
    return (
        _lay_out_column(0, middle - 2, data.left_column),
        _lay_out_column(middle, width - middle, data.right),
    )


def _lay_out_column(x: int, width: int, sections: tuple[SystemStatusSection, ...]) -> list[list[_Run]]:
    """The runs of each line; long values are wrapped."""
    lines: list[list[_Run]] = []
    for section in sections:
        lines += [[], [_Run(x, width, section.title, LABEL)]]
        label_width = min(26, max((len(line.label) for line in section.lines), default=0))
        start, room = x + label_width + 2, width - label_width - 2
        for line in section.lines:
            first, *others = wrap_text(line.value, room) or [""]
            lines.append([_Run(x, label_width, line.label, DIM), _Run(start, room, first, line.style)])
            lines += [[_Run(start, room, part, line.style)] for part in others]
    return lines[1:]
