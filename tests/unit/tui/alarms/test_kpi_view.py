"""The page of alarm health: figures, targets, verdicts."""

from datetime import UTC, timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.domain.alarms.kpis import AlarmKpiSummary, calculate_kpis
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey
from dosing_tui.domain.notifications.channel_status import ChannelStatus, add_unused_channels
from dosing_tui.tui.alarms.alarm_list import AlarmListContext
from dosing_tui.tui.alarms.kpi_view import ABOVE_TARGET, OK, TOO_HIGH, AlarmKpiState, list_kpis, render_kpis
from tests.support.domain.alarm_entries import NOW, build_history, make_entry
from tests.support.tui.sample_plant import HOSTILE


def summarize_kpis(days: float = 30) -> AlarmKpiSummary:
    raised = make_entry(AlarmEvent.RAISE, key=AlarmKey("STOCK_LOW", HOSTILE, HOSTILE))
    made = calculate_kpis(build_history([raised]), NOW + timedelta(days=days))
    assert made is not None
    return made


FACTS = AlarmListContext(NOW, UTC)
GOOD = ChannelStatus("shift", sent_today=12, last_sent=NOW - timedelta(minutes=5))
BAD = ChannelStatus(
    "mail", waiting=3, last_sent=NOW - timedelta(days=1), failing_since=NOW - timedelta(hours=1),
    last_error=NOW, reason="The server answers 500.", lost=2,
)  # fmt: skip
OVER_NOW = replace(GOOD, last_error=NOW - timedelta(hours=2), reason="it did not answer in time")


def render_lines(
    one: AlarmKpiSummary,
    *,
    height: int = 20,
    width: int = 80,
    channels: tuple[ChannelStatus, ...] | None = None,
    unread: str = "",
) -> list[str]:
    news = AlarmKpiState(one, channels=channels, channels_error=unread)
    return ["".join(cell for cell, _ in row) for row in render_kpis(news, FACTS, width, height)]


@pytest.mark.parametrize(
    ("alarms", "verdict"), [(150, OK), (151, ABOVE_TARGET), (300, ABOVE_TARGET), (301, TOO_HIGH)]
)
def test_the_figures_are_judged_by_their_targets(alarms: int, verdict: str) -> None:
    per_day = next(
        one
        for one in list_kpis(replace(summarize_kpis(), annunciated_count=alarms * 30))
        if "per day" in one.name
    )
    assert (per_day.value, per_day.rating) == (f"{alarms}", verdict)


def test_less_than_thirty_days_are_not_judged() -> None:
    assert any(line.rstrip().endswith(OK) for line in render_lines(summarize_kpis()))
    short = render_lines(summarize_kpis(days=29))
    assert "of 30 days needed" in short[0]
    assert not any(line.rstrip().endswith((OK, ABOVE_TARGET, TOO_HIGH)) for line in short)


def test_the_most_frequent_are_named_harmlessly_and_within_the_window() -> None:
    shown = render_lines(summarize_kpis())
    assert len(shown) == 20
    assert any("STOCK_LOW/" in line for line in shown)
    assert all(line.isprintable() for line in shown)


@pytest.mark.parametrize("height", [20, 36])
def test_each_channel_says_when_it_last_sent_what_waits_and_what_went_wrong(height: int) -> None:
    shown = render_lines(summarize_kpis(), height=height, channels=(BAD, GOOD))
    (bad,) = (line for line in shown if " mail " in line)
    (good,) = (line for line in shown if " shift " in line)
    for word in ("▲", "Su 10:00", " 3 ", " 2 ", "since 09:00:00:", "The server answers 500."):
        assert word in bad
    for word in ("09:55:00", " 0 ", "none"):
        assert word in good
    assert "▲" not in good
    (heading,) = (line for line in shown if "Notification" in line)
    assert heading.split() == ["Notification", "Last", "sent", "Queued", "Lost", "Last", "error"]
    assert any("Most frequent" in line for line in shown)


def test_an_error_that_is_over_is_shown_with_its_time() -> None:
    (line,) = (line for line in render_lines(summarize_kpis(), channels=(OVER_NOW,)) if " shift " in line)
    assert "08:00:00: it did not answer in time" in line
    assert "since" not in line


def test_where_there_are_too_many_channels_it_is_said_how_many_more() -> None:
    shown = render_lines(
        summarize_kpis(), channels=tuple(replace(GOOD, channel=f"c-{number}") for number in range(9))
    )
    assert "7 more" in next(line for line in shown if "Notification" in line)
    assert len(shown) == 20


@pytest.mark.parametrize(
    ("channels", "unread", "said"),
    [
        ((), "", "notifications are disabled"), (None, "", "Reading"), (None, "No database.", "No database."),
        ((GOOD,), "No database.", "▲ No database."),
    ],
)  # fmt: skip
def test_what_is_not_known_of_the_channels_is_said(
    channels: tuple[ChannelStatus, ...] | None, unread: str, said: str
) -> None:
    assert any(said in line for line in render_lines(summarize_kpis(), channels=channels, unread=unread))


def test_the_reason_and_the_name_are_only_text() -> None:
    hostile = replace(BAD, channel=HOSTILE, reason=HOSTILE)
    assert all(line.isprintable() for line in render_lines(summarize_kpis(), channels=(hostile,)))


def test_what_is_configured_and_was_never_used_is_there_and_what_fails_comes_first() -> None:
    every = add_unused_channels([GOOD, BAD], ["shift", "pager"])
    assert [one.channel for one in every] == ["mail", "pager", "shift"]
    assert every[1] == ChannelStatus("pager")
