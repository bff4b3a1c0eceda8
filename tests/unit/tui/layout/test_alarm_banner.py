"""The banner's rows and the bell: pure, so that every state can be looked at."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.config.settings import GlyphMode
from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.tui.alarms import audible_alarm
from dosing_tui.tui.alarms.audible_alarm import AudibleAlarm
from dosing_tui.tui.layout.alarm_banner import SystemNotice, build_banner, render_banner
from dosing_tui.tui.rendering.palette import DARK, DIM, ColourRole
from dosing_tui.tui.rendering.theme import TerminalTheme
from tests.support.tui.alarm_samples import make_flood, make_state, picture_of
from tests.support.tui.sample_plant import NOW

LOW = make_state("STOCK_LOW", "A", number=3)
GROSS = make_state("DOSE_GROSS", "P", number=2)
ACKED = replace(make_state("STOCK_CRITICAL", "B", number=1), acked=True)
RETURNED = replace(LOW, active=False)


def format_time(at: datetime) -> str:
    return "14:00:00"


def render_lines(
    alarms: AlarmSnapshot, *notices: SystemNotice, width: int = 120, height: int = 2
) -> list[str]:
    told = build_banner(alarms, notices, idle_text="No active alarms", silence_key="")
    return ["".join(cell for cell, _ in row) for row in render_banner(told, format_time, width, height)]


def test_the_unacknowledged_come_first_then_the_most_urgent() -> None:
    first, second, third = render_lines(picture_of(ACKED, LOW, GROSS), height=3)
    assert first.startswith(" ■HIGH*  14:00:00 dosing_system_01 DOSE_GROSS/P      Gross dosing error: P")
    assert second.startswith(" ▲MED*   14:00:00 dosing_system_01 STOCK_LOW/A       Low inventory: A")
    assert third.startswith(" ■HIGH   14:00:00 dosing_system_01 STOCK_CRITICAL/B  Tank nearly empty: B")


def test_active_and_latched_alarms_come_before_more_urgent_ones_that_returned() -> None:
    returned = replace(make_state("STOCK_CRITICAL", "R", number=1), active=False)
    latched = replace(make_state("DOSE_GROSS", "G", number=4), active=False, latched=True)
    shown = render_lines(picture_of(returned, LOW, latched, ACKED), height=4)
    texts = (
        "Gross dosing error: G",
        "Low inventory: A",
        "RTN · Tank nearly empty: R",
        "Tank nearly empty: B",
    )
    assert [text in line for text, line in zip(texts, shown, strict=True)] == [True] * 4


def test_a_narrow_banner_cuts_its_text_between_words_and_keeps_the_value() -> None:
    low = replace(
        LOW, message="Low inventory: A at 16.3 % · a batch of CU-65/75 takes 11.62 g (median of 20)"
    )
    (line,) = render_lines(picture_of(low), width=80, height=1)
    assert " 01 STOCK_LOW/A  Low inventory: A at 16.3 % … " in line
    gross = replace(GROSS, message="Gross dosing error: P +3.40 g of 40.00 g (pump 2)")
    (line,) = render_lines(picture_of(gross, low), width=80, height=1)
    assert " 01 DOSE_GROSS/P  P +3.40 g of 40.00 g (pump 2) " in line


def test_a_wide_banner_parts_a_text_that_ends_in_a_number_from_the_number_of_other_lines() -> None:
    for length in range(60):
        gross = replace(GROSS, message=f"Gross dosing error: P {'x' * length} +3.40 g of 40.00 g (pump 2)")
        shown = render_lines(picture_of(gross, LOW), width=100, height=1)[0]
        assert "(pump 2) UNACK" not in shown
        assert "(pump 2) 1 more" not in shown


def test_an_item_that_the_tag_has_no_room_for_is_not_left_out_of_the_text() -> None:
    item = "Natriumhypochlorit 12 %"
    low = replace(LOW, key=LOW.key._replace(item=item), message=f"Low inventory: {item} at 13.1 %")
    (line,) = render_lines(picture_of(low), width=80, height=1)
    assert "  Low inventory: … at 13.1 % " in line
    (line,) = render_lines(picture_of(low), width=100, height=1)
    assert f"  {item} at 13.1 % " in line


def test_a_narrow_banner_keeps_what_is_abnormal_and_not_the_figure_behind_it() -> None:
    message = "Tank nearly empty: CHEM-286 at 3.3 % · a batch of CU-65/75 takes 40.00 g (median of 20)"
    state = make_state("STOCK_CRITICAL", "CHEM-286", number=3)
    for width in range(66, 160):
        shown = render_lines(picture_of(replace(state, message=message)), width=width, height=1)[0]
        assert " at 3.3 %" in shown or "… 3.3 %" in shown, width
        assert "CHEM-286" in shown


@pytest.mark.parametrize(("width", "tag"), [(80, "BATCH_IN…CU-65/75"), (120, "BATCH_INGREDIENT/CU-65/75")])
def test_wrong_ingredients_say_what_was_wrong_at_every_width(width: int, tag: str) -> None:
    state = make_state("BATCH_INGREDIENT", "CU-65/75", number=1)
    message = "Batch CU-65/75: 3 doses, 2 expected · from 2 pumps (dosing_system_01)"
    (line,) = render_lines(picture_of(replace(state, message=message)), width=width, height=1)
    assert tag in line
    assert "3 doses, 2 expected" in line


@pytest.mark.parametrize("width", range(78, 130))
def test_the_counts_of_a_flood_do_not_run_into_the_tag(width: int) -> None:
    state = make_state("BATCH_INGREDIENT", "CU-65/75", number=1)
    banner = build_banner(picture_of(state), [], idle_text="", silence_key="x")
    crowded = replace(
        banner, alarm_count=468, unacknowledged_count=409, raise_count=158, is_flood=True, pending_count=59
    )
    line = "".join(cell for cell, _ in render_banner(crowded, format_time, width, 1)[0])
    assert "CU-65/75 " in line
    assert " UNACK 409" in line
    assert "59 " in line


@pytest.mark.parametrize("width", [80, 90, 100, 120])
@pytest.mark.parametrize("raised", [12, 500, 1_500])
def test_the_counts_of_a_flood_leave_room_for_the_text(width: int, raised: int) -> None:
    gross = make_state("DOSE_GROSS", "Stannous octoate", number=1)
    message = "Gross dosing error: Stannous octoate +3.40 g of 40.00 g (pump 2)"
    banner = build_banner(picture_of(replace(gross, message=message)), [], idle_text="", silence_key="x")
    flooded = replace(
        banner, alarm_count=raised, unacknowledged_count=raised, raise_count=raised, is_flood=True
    )
    line = "".join(cell for cell, _ in render_banner(flooded, format_time, width, 1)[0])
    assert "  Gross " in line
    assert " UNACK " in line


def test_only_the_rows_in_sight_share_their_columns() -> None:
    wide = make_state("STOCK_CRITICAL", "polyaluminium", number=9)
    (line,) = render_lines(picture_of(GROSS, replace(wide, acked=True)), width=80, height=1)
    assert " 01 DOSE_GROSS/P  Gross dosing error: P " in line


def test_what_is_acknowledged_is_dim_and_what_is_not_is_a_block_of_colour() -> None:
    told = build_banner(picture_of(ACKED, LOW), [], idle_text="", silence_key="")
    loud, quiet = render_banner(told, format_time, 120, 2)
    assert loud[1][1].bg is ColourRole.ALARM_MEDIUM
    assert quiet[1][1] == DIM


def test_a_link_that_is_away_comes_before_alarms_of_its_rank_and_has_no_star() -> None:
    notice = SystemNotice("broker", Priority.HIGH, "Broker down", NOW)
    first, second = render_lines(picture_of(GROSS), notice)
    assert first.startswith(" ■HIGH   14:00:00 Broker down")
    assert second.startswith(" ■HIGH*")


def test_a_notice_without_room_keeps_its_first_words() -> None:
    text = (
        "Broker down · 127.0.0.1:53841 accepts the connection and answers nothing: it hangs, or it is not an "
        "MQTT broker. Check the broker, and host, port, tls and transport in [mqtt]"
    )
    (line,) = render_lines(
        picture_of(GROSS), SystemNotice("broker", Priority.HIGH, text, NOW), width=80, height=1
    )
    assert " Broker down · 127.0.0.1:53841 accepts the …  " in line


def test_the_alarm_of_a_broker_that_hangs_keeps_its_first_words() -> None:
    away = replace(
        make_state("BROKER_DOWN", "", number=1),
        key=AlarmKey("BROKER_DOWN"),
        message="Broker down · Broker 127.0.0.1:53841 accepts the connection and answers nothing: it hangs, "
        "or it is not an MQTT broker. Check the broker, and host, port, tls and transport in [mqtt]",
    )
    (line,) = render_lines(picture_of(away), width=80, height=1)
    assert " plant BROKER_DOWN  Broker 127.0.0.1:53841 accepts … " in line


def test_an_alarm_that_returned_says_so() -> None:
    assert "RTN · Low inventory" in render_lines(picture_of(RETURNED))[0]


@pytest.mark.parametrize("count", [0, 1, 500])
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("height", [1, 2])
def test_the_banner_has_always_the_same_height(count: int, width: int, height: int) -> None:
    shown = render_lines(make_flood(count) if count else picture_of(), width=width, height=height)
    assert [len(line) for line in shown] == [width] * height
    if count == 500:
        assert ("FLOOD 500" in shown[0]) is True
        assert ("499 more" in shown[-1] or "498 more" in shown[-1]) is (width == 120 or height == 2)


def test_without_unicode_letters_stand_for_the_shapes() -> None:
    look = TerminalTheme(DARK, GlyphMode.ASCII)
    text = "".join(map(look.translate_character, render_lines(picture_of(GROSS))[0]))
    assert text.startswith(" #HIGH*")
    assert text.isascii()


def test_the_bell_repeats_until_it_is_silenced() -> None:
    calls = audible_alarm.find_audible_occurrences(picture_of(LOW))
    first = audible_alarm.record_ring(AudibleAlarm(), NOW)
    assert audible_alarm.is_ring_due(AudibleAlarm(), calls, NOW)
    assert not audible_alarm.is_ring_due(first, calls, NOW + audible_alarm.BELL_INTERVAL / 2)
    assert audible_alarm.is_ring_due(first, calls, NOW + audible_alarm.BELL_INTERVAL)
    assert not audible_alarm.is_ring_due(
        audible_alarm.silence_occurrences(calls), calls, NOW + timedelta(hours=1)
    )


def test_a_clock_that_was_set_back_does_not_hold_the_bell() -> None:
    assert audible_alarm.is_ring_due(
        audible_alarm.record_ring(AudibleAlarm(), NOW),
        audible_alarm.find_audible_occurrences(picture_of(LOW)),
        NOW - timedelta(hours=1),
    )


def test_the_same_alarm_raised_again_sounds_again() -> None:
    silent = audible_alarm.silence_occurrences(audible_alarm.find_audible_occurrences(picture_of(LOW)))
    again = audible_alarm.find_audible_occurrences(picture_of(replace(LOW, occurrence=UUID(int=9))))
    assert audible_alarm.is_sounding(silent, again)


def test_what_is_acknowledged_returned_or_diagnostic_does_not_sound() -> None:
    diagnostic = replace(GROSS, priority=Priority.DIAGNOSTIC)
    assert not audible_alarm.find_audible_occurrences(picture_of(ACKED, RETURNED, diagnostic))
    assert not audible_alarm.find_audible_occurrences(None)


@given(st.sets(st.integers(1, 20)), st.sets(st.integers(1, 20)))
def test_it_sounds_exactly_when_something_calls_that_was_not_silenced(was: set[int], now: set[int]) -> None:
    def calls(numbers: set[int]) -> audible_alarm.AlarmOccurrences:
        return audible_alarm.find_audible_occurrences(
            picture_of(*(make_state("STOCK_LOW", str(one), number=one) for one in numbers))
        )

    assert audible_alarm.is_sounding(audible_alarm.silence_occurrences(calls(was)), calls(now)) is bool(
        now - was
    )
