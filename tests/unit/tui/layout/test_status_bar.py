"""The first row: what has no room in it is left out, and nothing runs into what stands beside it."""

from itertools import product

import pytest
from msgspec.structs import replace

from dosing_tui.live_snapshot import (
    DatabaseFault,
    DatabasePart,
    LinkState,
    LinkStatus,
    LiveSnapshot,
    MessageCounts,
    Role,
)
from dosing_tui.tui.layout.status_bar import StatusBarState, count_spooled, render_status_bar

UP, DOWN = LinkState(LinkStatus.UP), LinkState(LinkStatus.DOWN, reason="connection refused")


def render_row(width: int, *, link: LinkState, frozen: str = "") -> str:
    status = StatusBarState(
        "Demo plant",
        "Overview",
        Role.COLLECTOR,
        link,
        link,
        1.0,
        0,
        "10:07:43",
        heartbeat=True,
        frozen_at=frozen,
    )
    return "".join(character for character, _ in render_status_bar(status, width)[0])


def test_with_both_links_down_the_role_gives_way_to_the_screens_name() -> None:
    shown = render_row(80, link=DOWN)
    assert "› Overview " in shown
    assert " ■ MQTT down    ■ DB down " in shown
    assert "collecting" not in shown


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_role_is_shown_where_there_is_room(width: int) -> None:
    assert "› Overview " in render_row(width, link=UP)
    assert "  collecting  ● MQTT" in render_row(width, link=UP)
    assert ("  collecting   ■ MQTT down" in render_row(width, link=DOWN)) == (width > 80)


def test_since_when_the_picture_stands_still_is_not_covered() -> None:
    assert " FROZEN 10:01:02 " in render_row(80, link=UP, frozen="10:01:02")


PARTIAL = LinkState(LinkStatus.PARTIAL, reason="a part fails")
FAULTS = tuple(
    DatabaseFault(part, "refused")
    for part in (DatabasePart.JOURNAL, DatabasePart.NOTIFICATIONS, DatabasePart.REVIEWS)
)


@pytest.mark.parametrize("screen", ["Overview", "Consumption › Sparklines"])
@pytest.mark.parametrize("plant", ["Plant 1", "The chemical dosing plant of the north"])
def test_with_several_faults_at_80_columns_nothing_that_distinguishes_is_cut(plant: str, screen: str) -> None:
    links = {DOWN: " ■ {} ", PARTIAL: " ▲ {} ", UP: "● {}"}
    threads = ((), ("alarm-clock",), ("alarm-clock", "panels-1", "collector-writer"))
    for broker, database, failed, spooled, frozen in product(
        links, links, threads, (0, 123_456), ("", "10:01:02")
    ):
        faults = FAULTS if database is PARTIAL else ()
        status = StatusBarState(
            plant, screen, Role.COLLECTOR, broker, database, 1.0, spooled, "10:07:43", heartbeat=True,
            frozen_at=frozen, database_faults=faults, failed_threads=failed,
        )  # fmt: skip
        row = "".join(character for character, _ in render_status_bar(status, 80)[0])
        assert len(row) == 80
        assert plant[:7] in row
        assert links[broker].format("MQTT").strip() in row
        assert links[database].format("DB").strip() in row
        assert ("journal" in row or "▲ DB 3" in row) is (database is PARTIAL)
        assert ("▲ alarms" in row or f"▲ {len(failed)} " in row) is bool(failed)
        assert ("123 456 spooled" in row) is bool(spooled)
        assert ("FROZEN 10:01" in row) is bool(frozen)


def test_what_is_out_of_order_is_named_where_there_is_room() -> None:
    status = StatusBarState(
        "Plant 1", "Overview", Role.COLLECTOR, UP, PARTIAL, 1.0, 0, "10:07:43", heartbeat=True,
        database_faults=FAULTS, failed_threads=("collector-writer", "panels-0", "panels-2"),
    )  # fmt: skip
    row = "".join(character for character, _ in render_status_bar(status, 120)[0])
    assert "▲ storing, panels failed" in row
    assert "▲ DB journal, notifications, reviews" in row


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_who_is_signed_on_is_always_there(width: int) -> None:
    for operator, expected in (
        ("", {"nobody", "no operator"}),
        ("Anna", {"Anna"}),
        ("Maximiliane (PIN)", {"Maxi"}),
    ):
        for faults in ((), FAULTS):
            status = StatusBarState(
                "Plant 1", "Overview", Role.COLLECTOR, UP, PARTIAL if faults else UP, 1.0, 123_456, "10:07",
                heartbeat=True, database_faults=faults, operator=operator,
            )  # fmt: skip
            row = "".join(character for character, _ in render_status_bar(status, width)[0])
            assert any(text in row for text in expected), row


def test_readings_on_their_way_are_not_called_spooled_while_the_database_answers() -> None:
    busy = LiveSnapshot(
        database=UP, message_rate=200.0, message_counts=MessageCounts(received=60, spooled=60)
    )
    assert count_spooled([60, 48, 55], busy) == 0
    assert count_spooled([900, 700, 800], busy) == 700
    away = replace(busy, database=DOWN)
    assert count_spooled([0, 60], away) == 60
