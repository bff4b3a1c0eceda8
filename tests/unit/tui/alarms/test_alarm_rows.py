"""The rows of the alarm list: groups, order, filter, the cursor, and names that stay distinct."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dosing_tui.domain.alarms.models import AlarmState, AlarmStateName, Priority, Suppression
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.tui.alarms import alarm_list
from dosing_tui.tui.alarms.alarm_detail_pane import render_detail_pane
from dosing_tui.tui.alarms.alarm_list import AlarmListContext, AlarmListState
from dosing_tui.tui.alarms.alarm_rows import (
    MAX_SINGLE_ROWS,
    AlarmListOptions,
    AlarmRows,
    AlarmSort,
    build_rows,
)
from dosing_tui.tui.alarms.alarm_table import (
    AlarmList,
    choose_row_height,
    format_counts,
    render_alarm_list,
    render_caption,
)
from dosing_tui.tui.rendering.canvas import Rows
from tests.support.tui.alarm_samples import make_flood, make_state, picture_of
from tests.support.tui.sample_plant import NOW

CONTEXT = AlarmListContext(NOW, ZoneInfo("UTC"))
VISIBLE = 10
NO_OPTIONS = AlarmListOptions()


def at_station(number: int, state: AlarmState) -> AlarmState:
    return structs.replace(state, key=state.key._replace(device=f"dosing_system_{number:02}"))


def rows_of(snapshot: AlarmSnapshot, options: AlarmListOptions = NO_OPTIONS, rule: str = "") -> AlarmRows:
    return build_rows(snapshot.annunciated_alarms, options, rule)


def render_text(snapshot: AlarmSnapshot, width: int, options: AlarmListOptions = NO_OPTIONS) -> list[str]:
    rows = rows_of(snapshot, options)
    drawn = render_alarm_list(AlarmList(AlarmListState(), rows, options), CONTEXT, width, len(rows.rows) + 1)
    return ["".join(cell for cell, _ in row) for row in drawn]


def test_a_flood_of_one_rule_is_one_row_and_a_few_alarms_are_rows_of_their_own() -> None:
    few = picture_of(*(make_state("STOCK_LOW", f"T-{n}", number=n) for n in range(MAX_SINGLE_ROWS)))
    assert len(rows_of(few).rows) == MAX_SINGLE_ROWS
    listed = rows_of(make_flood(4_000))
    assert [len(row.views) for row in listed.rows] == [1_333, 2_667]
    assert listed.shown_count == 4_000
    assert len(rows_of(make_flood(4_000), rule="DOSE_GROSS").rows) == 1_333


def test_alarms_of_other_states_or_priorities_are_not_in_the_group() -> None:
    acked = [make_state("STOCK_LOW", f"A-{n}", number=n, acked=True) for n in range(20)]
    waiting = [make_state("STOCK_LOW", f"B-{n}", number=n) for n in range(20)]
    first, second = rows_of(picture_of(*acked, *waiting)).rows
    assert first.is_unacknowledged
    assert not second.is_unacknowledged
    assert {view.state.key.item[0] for view in first.views} == {"B"}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (AlarmSort.PRIORITY, ["C", "A", "B", "D"]),
        (AlarmSort.NEWEST, ["B", "A", "C", "D"]),
        (AlarmSort.STATION, ["D", "B", "A", "C"]),
        (AlarmSort.STATE, ["C", "A", "B", "D"]),
    ],
)
def test_the_list_is_sorted_as_selected(sort: AlarmSort, expected: list[str]) -> None:
    snapshot = picture_of(
        at_station(3, make_state("STOCK_LOW", "A", number=2)),
        at_station(2, make_state("ERR_MEAN_1H", "B", number=1, acked=True)),
        at_station(4, make_state("STOCK_CRITICAL", "C", number=3)),
        at_station(1, make_state("STOCK_LOW", "D", number=4, acked=True)),
    )
    listed = rows_of(snapshot, AlarmListOptions(sort=sort))
    assert [row.first.state.key.item for row in listed.rows] == expected


def test_a_filter_says_how_much_it_hides() -> None:
    snapshot = picture_of(
        at_station(1, make_state("STOCK_LOW", "A")),
        at_station(2, make_state("STOCK_CRITICAL", "B")),
        at_station(2, make_state("STOCK_LOW", "C", acked=True)),
        make_state("STOCK_LOW", "S", hiding=Suppression(AlarmStateName.SHELVED, NOW, "why")),
    )
    options = AlarmListOptions(stations=("dosing_system_02",), priorities=(Priority.HIGH,))
    listed = rows_of(snapshot, options)
    assert [row.first.state.key.item for row in listed.rows] == ["B"]
    assert (listed.shown_count, listed.hidden_count, listed.hidden_unacknowledged) == (1, 2, 1)
    only_acked = AlarmListOptions(states=(AlarmStateName.ACKED,))
    assert len(build_rows(snapshot.shelved, only_acked).rows) == 1


@pytest.mark.parametrize("width", [80, 79, 100, 106, 120])
def test_no_two_rows_look_alike_at_nine_stations_with_twelve_chemicals(width: int) -> None:
    states = [
        at_station(station, make_state(rule, f"chemical_compound_{item:02}", number=1))
        for station in range(1, 10)
        for item in range(1, 13)
        for rule in ("STOCK_LOW", "DOSE_OUT_OF_TOL")
        if (station + item) % 11 == 0
    ]
    lines = [line[: line.index(" active")] for line in render_text(picture_of(*states), width)[1:]]
    assert len(set(lines)) == len(states)
    assert all("HIGH" in line or "MED" in line for line in lines)


LONG_TEXTS = (
    make_state("STOCK_LOW", "Polyaluminiumchlorid 18 % flüssig, Charge 7", number=1,
               message="Low inventory: Polyaluminiumchlorid 18 % flüssig, Charge 7 at 16.0 % · 80 batches of "
               "CU-65/75 BDO soft left, 12 of CU-65/75 BDO hard left and 3 of FG-85/95 left in this tank"),
    make_state("DOSE_GROSS", "T-12", number=2,
               message="Gross dosing error: T-12 +3.40 g of 40.00 g (pump 2)"),
)  # fmt: skip


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_each_alarms_text_is_whole_where_the_list_has_rows_for_it(width: int) -> None:
    rows = rows_of(picture_of(*LONG_TEXTS))
    drawn = render_alarm_list(AlarmList(AlarmListState(), rows, NO_OPTIONS), CONTEXT, width, 20)
    for state in LONG_TEXTS:
        assert state.message in read_words(drawn)


@pytest.mark.parametrize("width", [80, 100, 106, 120, 160])
def test_a_full_list_with_long_names_keeps_a_column_for_the_texts(width: int) -> None:
    item = "Polyoxypropylene-polyoxyethylene-triol"
    states = [
        structs.replace(state, key=state.key._replace(device=f"dosing_system_of_the_hall_north_{number:02}"))
        for number in range(1, 10)
        for state in [make_state("STOCK_LOW", item, number=1, message=f"Low inventory: {item} at 16.0 %")]
    ]
    heading, *lines = render_text(picture_of(*states), width)
    assert " Alarm " in heading
    assert all("16.0 %" in line for line in lines)


def test_a_full_list_has_a_line_for_each_alarm() -> None:
    rows = rows_of(picture_of(*LONG_TEXTS))
    shown = AlarmList(AlarmListState(), rows, NO_OPTIONS)
    assert [choose_row_height(shown, CONTEXT, 80, height) for height in (3, 4, 5, 9)] == [1, 1, 2, 4]
    assert choose_row_height(shown, CONTEXT, 400, 20) == 1


def test_an_alarm_without_a_message_has_its_rules_title() -> None:
    silent = structs.replace(make_state("DB_PARTIAL", "journal", number=1), message="")
    assert "Database works only in part" in read_words(
        render_alarm_list(
            AlarmList(AlarmListState(), rows_of(picture_of(silent)), NO_OPTIONS), CONTEXT, 120, 4
        )
    )


def test_a_message_that_has_no_room_below_its_row_says_that_it_goes_on() -> None:
    away = structs.replace(
        make_state("BROKER_DOWN", "", number=1),
        message="Broker down · Broker 127.0.0.1:53841 accepts the connection and answers nothing: it hangs, "
        "or it is not an MQTT broker. Check the broker, and host, port, tls and transport in [mqtt]",
    )
    rows = rows_of(picture_of(away))
    drawn = render_alarm_list(AlarmList(AlarmListState(), rows, NO_OPTIONS), CONTEXT, 80, 3)
    (below,) = ["".join(cell for cell, _ in row).strip() for row in drawn[2:]]
    assert below == "Broker down · Broker 127.0.0.1:53841 accepts the connection and …"


@pytest.mark.parametrize("width", [40, 53, 64])
def test_the_pane_cuts_neither_the_tag_nor_the_text(width: int) -> None:
    for row in rows_of(picture_of(*LONG_TEXTS)).rows:
        pane = render_detail_pane(row, CONTEXT, width, 34)
        assert row.first.message.replace(" ", "") in read_words(pane).replace(" ", "")
        assert f"{row.first.state.key.rule}/{row.first.state.key.item}" in read_words(pane)
        assert "The whole alarm" not in read_words(pane)
        low = read_words(render_detail_pane(row, CONTEXT, width, 12))
        assert "enter The whole alarm" in low


def read_words(drawn: Rows) -> str:
    """The texts of the rows, with single blanks between."""
    text = " ".join("".join(cell for cell, _ in row) for row in drawn)
    return " ".join(text.replace("│", " ").split())


def test_the_counts_are_whole_at_80_columns_and_a_long_filter_is_what_is_cut() -> None:
    latched = [
        make_state("DOSE_GROSS", f"L{n}", number=n, active=False, latched=True) for n in range(100, 150)
    ]
    returned = [make_state("STOCK_LOW", f"R{n}", number=n, active=False) for n in range(200, 260)]
    snapshot = replace(make_flood(4_000), is_flood=True)
    views = (*snapshot.annunciated_alarms, *picture_of(*latched, *returned).annunciated_alarms)
    snapshot = replace(snapshot, annunciated_alarms=views)
    text = format_counts(snapshot)
    assert text == "4 000 active · 50 latched · 60 returned · 4 110 unacknowledged · 0 shelved"
    options = AlarmListOptions(stations=tuple(f"dosing_system_{n:02}" for n in range(2, 9)))
    alarms = AlarmList(AlarmListState(), rows_of(snapshot, options), options)
    first, second = ("".join(cell for cell, _ in row) for row in render_caption(alarms, snapshot, 80))
    assert text in first
    assert "filter hides 4 110 (4 110 unacknowledged): dosing_system_02" in second


def acknowledge(snapshot: AlarmSnapshot, item: str) -> AlarmSnapshot:
    views = (*snapshot.annunciated_alarms,)
    return picture_of(
        *(
            structs.replace(view.state, acked=True) if view.state.key.item == item else view.state
            for view in views
        )
    )


@given(st.integers(1, 9), st.data())
def test_from_any_alarm_an_acknowledgement_leads_through_all_that_wait(
    count: int, data: st.DataObject
) -> None:
    snapshot = picture_of(*(make_state("STOCK_LOW", f"T-{n}", number=n) for n in range(1, count + 1)))
    options = AlarmListOptions(sort=data.draw(st.sampled_from(AlarmSort)))
    state = alarm_list.clamp_cursor(AlarmListState(), rows_of(snapshot, options), VISIBLE)
    state = alarm_list.move_cursor(
        state, rows_of(snapshot, options), data.draw(st.integers(0, count)), VISIBLE
    )
    done = []
    for _ in range(count):
        row = alarm_list.get_selected_row(state, rows_of(snapshot, options))
        assert row is not None
        assert row.is_unacknowledged
        done.append(row.first.state.key.item)
        state = structs.replace(state, acknowledging=state.cursor_key)
        waiting = alarm_list.clamp_cursor(state, rows_of(snapshot, options), VISIBLE)
        assert waiting == state
        snapshot = acknowledge(snapshot, done[-1])
        state = alarm_list.clamp_cursor(state, rows_of(snapshot, options), VISIBLE)
    assert len(set(done)) == count
    assert state.acknowledging is None


def test_the_cursor_follows_its_alarm_into_a_group_and_out_of_it() -> None:
    few = [make_state("STOCK_LOW", f"T-{n}", number=n) for n in range(1, 10)]
    many = [*few, *(make_state("STOCK_LOW", f"U-{n}", number=n + 20) for n in range(10))]
    listed = rows_of(picture_of(*few))
    state = alarm_list.move_cursor(AlarmListState(), listed, 4, VISIBLE)
    grouped = rows_of(picture_of(*many, make_state("DOSE_GROSS", "P")))
    inside = alarm_list.clamp_cursor(state, grouped, VISIBLE)
    row = alarm_list.get_selected_row(inside, grouped)
    assert row is not None
    assert row.is_group
    assert alarm_list.clamp_cursor(inside, listed, VISIBLE).cursor_key is not None


def test_the_first_alarm_of_a_narrow_list_does_not_repeat_the_title_of_its_tag() -> None:
    low = make_state("STOCK_LOW", "T-12", number=1, message="Low inventory: T-12 at 16.3 %")
    snapshot = picture_of(low)
    first = [structs.replace(view, is_first_out=True) for view in snapshot.annunciated_alarms]
    (_, line) = render_text(replace(snapshot, annunciated_alarms=tuple(first)), 80)
    assert " first · T-12 at 16.3 % " in line
