"""The alarm banner below the status bar: alarms and system notices, the most urgent first. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import IntEnum

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.alarms.catalog import COLLECTOR_RULES
from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, AlarmKey, AlarmStateName, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView, AttentionRank, get_attention_rank
from dosing_tui.domain.labels.alarm_labels import label_alarms
from dosing_tui.domain.messages.text_sanitizer import ELLIPSIS, clean_line
from dosing_tui.live_snapshot import DatabasePart, LinkStatus, LiveSnapshot
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import (
    Canvas,
    Rows,
    cut_clauses,
    cut_end,
    drop_clauses,
    pad_cells,
    split_cells,
)
from dosing_tui.tui.rendering.palette import DIM, STRONG, CellStyle
from dosing_tui.tui.rendering.priority_style import PRIORITY_MARKS, choose_mark_style

LINK_KEYS = frozenset({"broker", "database"})
_ALARM_PARTS = frozenset(
    {
        DatabasePart.COLLECTOR,
        DatabasePart.JOURNAL,
        DatabasePart.JOURNAL_READING,
        DatabasePart.NOTIFICATIONS,
        DatabasePart.REVIEWS,
    }
)
"""Parts of the database without which an alarm or a signature is lost."""


class SystemNotice(Struct, frozen=True):
    """``key`` identifies the condition: the notice is the same while the condition lasts."""

    key: str
    priority: Priority
    text: str
    at: datetime


def find_notices(snapshot: LiveSnapshot, now: datetime, *, data_key: str) -> list[SystemNotice]:
    """Every abnormal condition without an active alarm, the worst first.

    ``data_key`` is that of the screen with the message counts.
    """
    return sort_notices(
        [
            *_find_link_notices(snapshot, now),
            *_find_fault_notices(snapshot, now),
            *_find_process_notices(snapshot, now, data_key),
        ]
    )


def keep_start_times(
    notices: Iterable[SystemNotice], start_times: Mapping[str, datetime]
) -> list[SystemNotice]:
    """The same notices, each with the start of its condition."""
    return sort_notices(replace(notice, at=start_times.get(notice.key, notice.at)) for notice in notices)


def sort_notices(notices: Iterable[SystemNotice]) -> list[SystemNotice]:
    """By priority; among equals connections first, then the newest."""
    return sorted(notices, key=lambda n: (n.priority.rank, n.key not in LINK_KEYS, -n.at.timestamp(), n.key))


def _find_link_notices(snapshot: LiveSnapshot, now: datetime) -> Iterator[SystemNotice]:
    """A lost connection until its alarm is raised; from then on the alarm replaces the notice."""
    active_rules = _list_active_rules(snapshot)
    broker, database = snapshot.broker, snapshot.database
    if broker.status is LinkStatus.DOWN and "BROKER_DOWN" not in active_rules:
        text = _join_parts("Broker down", clean_line(broker.reason).removeprefix("Broker "))
        yield SystemNotice("broker", Priority.HIGH, text, broker.since or now)
    if broker.status is LinkStatus.PARTIAL and "TOPIC_REFUSED" not in active_rules:
        text = _join_parts("Topic refused", clean_line(broker.reason).removeprefix("Broker "))
        yield SystemNotice("topics", Priority.HIGH, text, broker.since or now)
    if database.status is LinkStatus.DOWN and "DB_DOWN" not in active_rules:
        spooled = snapshot.message_counts.spooled
        buffering = f"buffering {number_format.format_count(spooled)}" if spooled else ""
        text = _join_parts("Database down", buffering, clean_line(database.reason))
        yield SystemNotice("database", Priority.MEDIUM, text, database.since or now)


def _find_fault_notices(snapshot: LiveSnapshot, now: datetime) -> Iterator[SystemNotice]:
    """A part of the database that fails, until its alarm is raised."""
    alarm_items = {key.item for key in _list_active_keys(snapshot) if key.rule == "DB_PARTIAL"}
    for fault in snapshot.database_faults:
        if fault.part.name.lower() not in alarm_items:
            priority = Priority.HIGH if fault.part in _ALARM_PARTS else Priority.MEDIUM
            yield SystemNotice(f"fault {fault.part.name}", priority, clean_line(fault.sentence), now)


def _list_active_rules(snapshot: LiveSnapshot) -> frozenset[str]:
    """The rules with an active alarm, suppressed or not."""
    return frozenset(key.rule for key in _list_active_keys(snapshot))


def _list_active_keys(snapshot: LiveSnapshot) -> frozenset[AlarmKey]:
    alarms = snapshot.alarms
    if alarms is None:
        return frozenset()
    every = (*alarms.annunciated_alarms, *alarms.shelved, *alarms.suppressed, *alarms.out_of_service)
    return frozenset(view.state.key for view in every if view.state.active or view.state.hiding)


def _join_parts(*parts: str) -> str:
    return " · ".join(part.rstrip(".") for part in parts if part)


def _find_process_notices(snapshot: LiveSnapshot, now: datetime, data_key: str) -> Iterator[SystemNotice]:
    if not snapshot.message_counts.is_reconciled:
        text = f"Data integrity: counts not reconciled. See screen {data_key}"
        yield SystemNotice("books", Priority.MEDIUM, text, now)
    if snapshot.notice:
        yield SystemNotice("notice", Priority.LOW, clean_line(snapshot.notice), now)


def format_idle_text(snapshot: LiveSnapshot) -> str:
    """Text of an empty banner. 'No active alarms' only if that is certain."""
    reasons = (
        (snapshot.broker.status is LinkStatus.STARTING, "Connecting to the broker …"),
        (snapshot.database.status is LinkStatus.STARTING, "Connecting to the database …"),
        (snapshot.alarms is None, "Loading alarms …"),
        (not (snapshot.last_message_at or snapshot.levels or snapshot.doses), "No data received yet"),
    )
    return next((text for applies, text in reasons if applies), "No active alarms")


MIN_WIDE_WIDTH = 100
MARK_WIDTH = 6
_TEXT_START = MARK_WIDTH + 12
"""Behind the priority and the time of 8 characters."""
MIN_TEXT_CELLS = 16
"""Room that the counts leave for the text of the first row: a flood must not hide what is abnormal."""
_COLUMN_WIDTHS = ((160, 16, 32), (120, 16, 25), (100, 12, 20), (0, 9, 17))
"""Least width of the banner; cells of the station and of the tag, at most."""


class CountWidth(IntEnum):
    WIDE = 0
    NARROW = 1
    LEAST = 2


class BannerLine(Struct, frozen=True):
    """An alarm, or a notice: that cannot be acknowledged, and ends with its condition."""

    mark: str
    mark_style: CellStyle
    at: datetime | None
    text: str
    text_style: CellStyle
    rank: tuple[AttentionRank, int, bool, bool]
    alarm: tuple[AlarmKey, str] | None = None
    """Key and message, of an alarm: they are labelled together with the other lines'."""


class AlarmBanner(Struct, frozen=True):
    """The content of the banner. ``idle_text`` is shown without a line."""

    lines: tuple[BannerLine, ...] = ()
    idle_text: str = ""
    alarm_count: int = 0
    unacknowledged_count: int = 0
    raise_count: int = 0
    is_flood: bool = False
    silence_key: str = ""
    """The key that silences the audible alarm; '' while it is silent."""
    pending_count: int = 0
    """Operator actions on this machine that are not in the alarm journal yet."""
    short_names: Mapping[str, str] = field(default_factory=dict)
    """Station -> its short name."""


def build_banner(
    alarms: AlarmSnapshot | None, notices: Sequence[SystemNotice], *, idle_text: str, silence_key: str,
    short_names: Mapping[str, str] | None = None,
) -> AlarmBanner:  # fmt: skip
    """By attention rank, then by priority; connection alarms first among equals."""
    listed = alarms.annunciated_alarms if alarms else ()
    lines = [*(_notice_to_line(notice) for notice in notices), *(_alarm_to_line(view) for view in listed)]
    return AlarmBanner(
        # stable: alarms of one rank keep their order, the newest first
        lines=tuple(sorted(lines, key=lambda line: line.rank)),
        idle_text=idle_text,
        alarm_count=len(listed),
        unacknowledged_count=alarms.unacknowledged_count if alarms else 0,
        raise_count=alarms.recent_raise_count if alarms else 0,
        is_flood=alarms is not None and alarms.is_flood,
        silence_key=silence_key,
        pending_count=alarms.pending_command_count if alarms else 0,
        short_names=short_names or {},
    )


def _notice_to_line(notice: SystemNotice) -> BannerLine:
    colour = PRIORITY_MARKS[notice.priority].colour
    rank = (AttentionRank.UNACKNOWLEDGED, notice.priority.rank, notice.key not in LINK_KEYS, False)
    return BannerLine(
        _format_priority(notice.priority, is_unacknowledged=False),
        CellStyle(colour, bold=True),
        notice.at,
        notice.text,
        CellStyle(colour),
        rank=rank,
    )


def _alarm_to_line(view: AlarmView) -> BannerLine:
    state = view.state
    is_unacknowledged = state.state_name in UNACKNOWLEDGED_STATES
    returned = "RTN · " if state.state_name is AlarmStateName.RTN_UNACK else ""
    text_style = CellStyle(PRIORITY_MARKS[state.priority].colour, bold=not returned)
    return BannerLine(
        _format_priority(state.priority, is_unacknowledged=is_unacknowledged),
        choose_mark_style(state) if is_unacknowledged else DIM,
        state.raised_at,
        returned,
        text_style if is_unacknowledged else DIM,
        rank=(get_attention_rank(state), state.priority.rank, True, True),
        alarm=(state.key, view.message),
    )


def _format_priority(priority: Priority, *, is_unacknowledged: bool) -> str:
    """Shape, word, and a star while unacknowledged; ``MARK_WIDTH`` cells."""
    mark = PRIORITY_MARKS[priority]
    return f"{mark.shape}{mark.word}{'*' if is_unacknowledged else ''}".ljust(MARK_WIDTH)


def render_banner(
    banner: AlarmBanner, format_time: Callable[[datetime], str], width: int, height: int
) -> Rows:
    """Each line with its time. Always ``height`` rows, so that the tiles keep their places."""
    canvas = Canvas(width, height)
    if not banner.lines:
        canvas.write_text(1, 0, banner.idle_text, DIM)
    labels = _label_lines(banner, width, height)
    # blanks before the counts: a text that ends in a number does not run into them
    gap = 2 if width >= MIN_WIDE_WIDTH else 1
    for y, (line, (columns, *texts)) in enumerate(zip(banner.lines[:height], labels, strict=False)):
        start = _TEXT_START + len(split_cells(columns))
        needed = width - start - len(split_cells(texts[0])) - 1 - gap
        # the first that leaves room for the whole text: what is abnormal has precedence
        longer, shorter = _list_right_sides(banner, y, height, is_wide=width >= MIN_WIDE_WIDTH)
        right = next((text for text in longer if len(split_cells(text)) <= needed), "") or next(
            (text for text in shorter if width - start - len(split_cells(text)) - 1 - gap >= MIN_TEXT_CELLS),
            shorter[-1],
        )
        room = width - len(split_cells(right)) - (1 + gap if right else 1) - start
        canvas.write_text(0, y, f" {line.mark} ", line.mark_style)
        canvas.write_text(MARK_WIDTH + 3, y, format_time(line.at) if line.at else "", line.text_style)
        canvas.write_text(_TEXT_START, y, columns, line.text_style)
        canvas.write_text(start, y, _fit_text(line, texts, room), line.text_style)
        canvas.write_right(width - 1, y, right, STRONG if banner.is_flood and y == 0 else DIM)
    return canvas.rows


def _fit_text(line: BannerLine, texts: Sequence[str], room: int) -> str:
    """The first text that has room without its last clauses; the last one cut, if there is none."""
    if line.alarm is None or line.alarm[0].rule in COLLECTOR_RULES:
        return next((text for text in texts if len(split_cells(text)) <= room), cut_end(texts[-1], room))
    return next((kept for text in texts if (kept := drop_clauses(text, room))), cut_clauses(texts[-1], room))


def _label_lines(banner: AlarmBanner, width: int, height: int) -> list[tuple[str, ...]]:
    """For each line in sight its columns, distinct among all lines, and its texts; the last may be cut."""
    _, *limits = next(widths for widths in _COLUMN_WIDTHS if width >= widths[0])
    alarms = [line.alarm for line in banner.lines if line.alarm is not None]
    labels = label_alarms(alarms, banner.short_names, station_width=limits[0], tag_width=limits[1])
    visible = banner.lines[:height]
    shown = labels[: sum(line.alarm is not None for line in visible)]
    station_width, tag_width = (
        max((len(split_cells(name)) for name in names), default=0)
        for names in ([label.station for label in shown], [label.tag for label in shown])
    )
    labelled = iter(shown)
    found: list[tuple[str, ...]] = []
    for line in visible:
        if line.alarm is None:
            found.append(("", line.text))
            continue
        label = next(labelled)
        columns = f"{pad_cells(label.station, station_width)} {pad_cells(label.tag, tag_width)}  {line.text}"
        untitled, bare = label.shorter_texts
        # a tag that is cut in its item does not stand for it
        is_named = ELLIPSIS not in label.tag or label.tag.endswith(clean_line(line.alarm[0].item))
        found.append((columns, label.text, untitled, bare if is_named else label.text))
    return found


def _list_right_sides(
    banner: AlarmBanner, y: int, height: int, *, is_wide: bool
) -> tuple[list[str], list[str]]:
    """Counts at the end of the first row, the number of hidden lines at the last one's; the longest first.

    Those for which there has to be room beside the whole text, and those that leave room for a part of it.
    """
    hidden = len(banner.lines) - height
    more = [f"{number_format.format_count(hidden)} more"] if y == height - 1 and hidden > 0 else []

    def join_counts(
        width: CountWidth = CountWidth.NARROW, *, has_silence: bool = False, has_more: bool = False,
        has_flood: bool = True,
    ) -> str:  # fmt: skip
        of = banner if has_flood else replace(banner, is_flood=False)
        counts = _list_counts(of, width, has_silence=has_silence) if y == 0 else []
        return " · ".join([*(more if has_more or not counts else []), *counts])

    longest = CountWidth.WIDE if is_wide else CountWidth.NARROW
    return (
        [
            join_counts(longest, has_silence=True, has_more=is_wide),
            join_counts(has_silence=True, has_more=is_wide),
            join_counts(has_more=is_wide),
        ],
        [join_counts(), join_counts(CountWidth.LEAST), join_counts(CountWidth.LEAST, has_flood=False)],
    )


def _list_counts(banner: AlarmBanner, width: CountWidth, *, has_silence: bool) -> list[str]:
    alarms, unacknowledged, raised, pending = (
        count and number_format.format_count(count)
        for count in (
            banner.alarm_count,
            banner.unacknowledged_count,
            banner.raise_count,
            banner.pending_count,
        )
    )
    silence = f"{banner.silence_key} silence"
    counts = (
        (banner.is_flood, f"FLOOD {raised} in 10 min", f"FLOOD {raised}", "FLOOD"),
        (
            unacknowledged,
            f"UNACK {unacknowledged} of {alarms}",
            f"UNACK {unacknowledged}/{alarms}",
            f"UNACK {unacknowledged}",
        ),
        (alarms and not unacknowledged, *(f"ACK {alarms}",) * 3),
        (pending, f"{pending} not journaled", f"{pending} pending", f"{pending} pending"),
        (has_silence and banner.silence_key, *(silence,) * 3),
    )
    return [texts[width] for applies, *texts in counts if applies]
