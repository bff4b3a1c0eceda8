"""What is written on the screen: numbers, ages, glyphs, notices, widths."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from dosing_tui.config.settings import GlyphMode
from dosing_tui.domain.alarms.models import Priority
from dosing_tui.live_snapshot import LinkState, LinkStatus, LiveSnapshot, MessageCounts
from dosing_tui.tui.layout.alarm_banner import find_notices, format_idle_text, keep_start_times
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, fit_cells, render_paragraph, split_cells, wrap_text
from dosing_tui.tui.rendering.line_widget import find_changed_spans
from dosing_tui.tui.rendering.palette import DARK, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.theme import ASCII, CONSOLE, TerminalTheme, replace_glyphs, resolve_glyphs
from tests.support.tui.alarm_samples import make_state, picture_of
from tests.support.tui.sample_plant import HOSTILE, NOW

UP = LinkState(LinkStatus.UP, NOW - timedelta(hours=1))
DRAWN = "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉▐▖▗╭╮╰╯─│┊┄┬┤└■▲◆●○›…–−·±↑↓←→"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "now"), (9.9, "now"), (10, "10 s"), (59, "50 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h"),
     (90_000, "25 h"), (200_000, "2 d")],
)  # fmt: skip
def test_ages_are_said_in_steps(seconds: float, said: str) -> None:
    assert number_format.format_age(seconds) == said


def test_a_panel_has_one_unit_for_all_its_masses() -> None:
    assert number_format.choose_mass_unit(40.0).format_mass(39.87) == "39.9 g"
    assert number_format.choose_mass_unit(950.0).format_mass(949.6) == "950 g"
    assert number_format.choose_mass_unit(20_000.0).format_mass(3_204.0) == "3.20 kg"
    assert number_format.choose_mass_unit(20_000.0).format_number(None) == "–"


def test_a_percentage_is_rounded_down_so_that_it_never_reaches_a_limit_it_is_below() -> None:
    assert [number_format.round_down_to_tenths(value) for value in (19.96, 20.0, 64.1, -0.05)] == [
        19.9,
        20.0,
        64.1,
        -0.1,
    ]


def test_an_error_has_its_sign_and_zero_has_none() -> None:
    assert [number_format.format_signed(value) for value in (0.154, -0.004, None, -1.0)] == [
        "+0.15",
        "0.00",
        "–",
        "-1.00",
    ]


def test_doses_of_another_day_show_their_day() -> None:
    moment = datetime(2026, 3, 9, 8, 5, tzinfo=UTC)
    assert number_format.format_timestamp(moment, UTC, now=NOW) == "09 Mar"
    assert number_format.format_timestamp(moment.replace(year=2025), UTC, now=NOW) == "09.03.25"
    assert number_format.format_timestamp(NOW, UTC, now=NOW) == "14:26:44"


def test_a_time_of_yesterday_or_of_a_clock_that_is_ahead_at_midnight_has_its_time_of_day() -> None:
    before = datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC)
    after = before + timedelta(seconds=20)
    assert number_format.format_timestamp(before, UTC, now=after) == "Th 23:59"
    assert number_format.format_timestamp(after, UTC, now=before) == "Fr 00:00"


@given(st.text(max_size=60), st.integers(0, 40))
def test_fitted_text_has_one_entry_for_each_cell(text: str, width: int) -> None:
    found = fit_cells(text, width)
    assert len(found) <= width
    assert len(found) <= len(split_cells(text))


@given(st.text(max_size=200), st.integers(1, 80), st.integers(0, 10))
def test_sentences_keep_within_their_room(text: str, width: int, height: int) -> None:
    rows = render_paragraph(text, width, height)
    assert [len(row) for row in rows] == [width] * height


@given(st.text(alphabet="ab ", max_size=80), st.integers(1, 20))
def test_breaking_a_sentence_loses_no_word(text: str, width: int) -> None:
    lines = wrap_text(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(len(line) <= width for line in lines)


@given(st.text(max_size=40))
def test_nothing_that_is_not_printable_passes_the_choke_point(text: str) -> None:
    for profiled, only in ((ASCII, True), (CONSOLE, False), ({}, False)):
        sent = replace_glyphs(text, profiled, ascii_only=only)
        assert sent.isprintable()
        assert sent.isascii() or not only


def test_every_glyph_has_a_stand_in_of_one_cell() -> None:
    plain = replace_glyphs(DRAWN, ASCII, ascii_only=True)
    assert "?" not in plain
    assert len(plain) == len(DRAWN)
    assert cell_len(replace_glyphs(DRAWN, CONSOLE, ascii_only=False)) == len(DRAWN)


def test_text_consoles_get_no_block_they_have_no_glyph_for() -> None:
    assert not set(replace_glyphs(DRAWN, CONSOLE, ascii_only=False)) & set("▁▂▃▄▅▆▇▏▎▍▌▋▊▉▐▖▗╭╮╰╯┊┄◆")


@pytest.mark.parametrize(
    ("asked", "term", "encoding", "chosen"),
    [
        (GlyphMode.AUTO, "xterm-256color", "utf-8", GlyphMode.UNICODE),
        (GlyphMode.AUTO, "linux", "UTF-8", GlyphMode.CONSOLE),
        (GlyphMode.AUTO, "xterm", "iso8859-1", GlyphMode.ASCII),
        (GlyphMode.UNICODE, "linux", "utf-8", GlyphMode.UNICODE),
        (GlyphMode.UNICODE, "xterm", "latin-1", GlyphMode.ASCII),
    ],
)
def test_the_profile_fits_the_terminal(asked: GlyphMode, term: str, encoding: str, chosen: GlyphMode) -> None:
    assert resolve_glyphs(asked, term=term, encoding=encoding) is chosen


def test_changed_cells_near_each_other_are_one_run() -> None:
    old = [(character, TEXT) for character in "aaaaaaaaaaaaaaaaaaaa"]
    new = [(character, TEXT) for character in "abaabaaaaaaaaaaaaaab"]
    assert find_changed_spans(old, new) == [(1, 5), (19, 20)]
    assert find_changed_spans(old, old) == []


def test_a_wide_character_is_never_cut() -> None:
    old = [("催", TEXT), ("", TEXT), ("a", TEXT)]
    new = [("a", TEXT), ("b", TEXT), ("a", TEXT)]
    assert find_changed_spans(old, new) == [(0, 2)]


def test_a_wide_character_that_does_not_fit_leaves_a_blank() -> None:
    canvas = Canvas(3, 1)
    canvas.write_text(0, 0, "催化剂")
    assert [cell for cell, _ in canvas.rows[0]] == ["催", "", "…"]


def test_the_worst_notice_comes_first() -> None:
    down = LinkState(LinkStatus.DOWN, NOW - timedelta(hours=3), "Broker b:1883 cannot be reached: refused.")
    picture = LiveSnapshot(broker=down, database=UP, notice="Telegraf writes, too.")
    found = find_notices(picture, NOW, data_key="7")
    assert [notice.priority for notice in found] == [Priority.HIGH, Priority.LOW]
    assert found[0].text == "Broker down · b:1883 cannot be reached: refused"


def test_counts_that_do_not_balance_name_the_key_of_their_screen() -> None:
    picture = LiveSnapshot(broker=UP, database=UP, message_counts=MessageCounts(received=3, stored=1))
    (notice,) = find_notices(picture, NOW, data_key="F7")
    assert notice.text == "Data integrity: counts not reconciled. See screen F7"


def test_a_database_that_is_away_says_how_much_is_buffered() -> None:
    down = LinkState(LinkStatus.DOWN, NOW, "No server.")
    picture = LiveSnapshot(
        broker=UP, database=down, message_counts=MessageCounts(received=1_204, spooled=1_204)
    )
    assert find_notices(picture, NOW, data_key="7")[0].text == "Database down · buffering 1 204 · No server"


@pytest.mark.parametrize(("rule", "told"), [("BROKER_DOWN", "database"), ("DB_DOWN", "broker")])
def test_a_link_with_an_alarm_is_not_shown_twice(rule: str, told: str) -> None:
    down = LinkState(LinkStatus.DOWN, NOW, "gone")
    alarms = picture_of(make_state(rule))
    (notice,) = find_notices(LiveSnapshot(broker=down, database=down, alarms=alarms), NOW, data_key="7")
    assert notice.key == told


def test_a_notice_keeps_the_time_its_condition_began() -> None:
    found = find_notices(
        LiveSnapshot(broker=UP, database=UP, notice="Telegraf writes, too."), NOW, data_key="7"
    )
    began = {found[0].key: NOW - timedelta(hours=2)}
    assert keep_start_times(found, began)[0].at == NOW - timedelta(hours=2)


def test_all_is_not_called_well_before_it_is_known() -> None:
    assert "broker" in format_idle_text(LiveSnapshot())
    assert "database" in format_idle_text(LiveSnapshot(broker=UP))
    assert "alarms" in format_idle_text(LiveSnapshot(broker=UP, database=UP))
    known = LiveSnapshot(broker=UP, database=UP, alarms=picture_of())
    assert format_idle_text(known) == "No data received yet"
    assert format_idle_text(replace(known, last_message_at=NOW)) == "No active alarms"


def test_hostile_text_in_a_notice_is_cleaned() -> None:
    picture = LiveSnapshot(broker=LinkState(LinkStatus.DOWN, NOW, HOSTILE), database=UP, notice=HOSTILE)
    for notice in find_notices(picture, NOW, data_key="7"):
        assert notice.text.isprintable()


def test_a_mark_on_a_coloured_ground_keeps_its_letters_where_an_edge_of_a_chart_becomes_solid() -> None:
    look = TerminalTheme(DARK, GlyphMode.ASCII)
    mark = ("L", CellStyle(ColourRole.BACKGROUND, ColourRole.ACCENT))
    assert look.adapt_cell(mark) == mark
    assert look.adapt_cell(("▄", CellStyle(ColourRole.AREA, ColourRole.ACCENT))) == (
        "█",
        CellStyle(ColourRole.ACCENT),
    )


def test_a_look_sends_what_it_may() -> None:
    assert TerminalTheme(DARK, GlyphMode.ASCII).translate_character("█") == "#"
    assert TerminalTheme(DARK, GlyphMode.UNICODE).translate_character("\x1b") == "?"


def test_a_mass_that_is_not_known_has_no_unit() -> None:
    assert number_format.KILOGRAMS.format_mass(None) == number_format.NO_VALUE
    assert number_format.KILOGRAMS.format_mass(1_284.0) == "1.28 kg"
