"""The first row: what has no room in it is left out, and nothing runs into what stands beside it."""

import pytest

from dosing_tui.live_state import LinkState, LinkStatus, Role
from dosing_tui.tui.layout.status_and_footer import StatusBarState, render_status_bar

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
def test_the_role_is_told_where_there_is_room(width: int) -> None:
    assert "› Overview " in render_row(width, link=UP)
    assert "  collecting  ● MQTT" in render_row(width, link=UP)
    assert ("  collecting   ■ MQTT down" in render_row(width, link=DOWN)) == (width > 80)


def test_since_when_the_picture_stands_still_is_not_covered() -> None:
    assert " FROZEN 10:01:02 " in render_row(80, link=UP, frozen="10:01:02")
