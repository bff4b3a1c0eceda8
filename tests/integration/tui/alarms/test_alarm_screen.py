"""The alarm page and its dialogs, by keys, against a journal that is heard at once."""

from dataclasses import replace

import pytest
from msgspec import structs
from textual import events

from dosing_tui.config.settings import ConsoleSettings, Settings
from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmStateName, Suppression
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.tui.app.terminal_options import TerminalOptions
from tests.support.tui import sample_plant
from tests.support.tui.alarm_console import TANKS, open_alarm_console
from tests.support.tui.alarm_samples import make_flood, make_state, picture_of
from tests.support.tui.console_driver import LARGE, SMALL, open_console, wait_for
from tests.support.tui.sample_plant import (
    HOSTILE,
    FakeSource,
    live_plant,
    make_history,
)

OTHER = CommandContext(Actor("Bob", "bob"), sample_plant.NOW)
"""Somebody at another console."""


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_banner_is_on_every_screen_with_the_most_urgent_alarm_and_how_many_wait(
    size: tuple[int, int],
) -> None:
    async with open_alarm_console(size=size) as plant:
        for keys in (["1"], ["2"], ["3"], ["4"], ["5"], ["6"], ["7"], ["a"]):
            shown = (await plant.press_keys(*keys)).splitlines()
            assert "■HIGH*" in shown[1]
            assert "T-9 at 3.0 %" in shown[1]
            assert "at 3.0 % " in shown[1]
            assert ("UNACK 3 of 3" if size == LARGE else "UNACK 3/3") in shown[1]


async def test_space_acknowledges_the_alarm_under_the_cursor() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a", "down", "space")
        shown = await plant.wait_for_entries(1)
        (entry,) = plant.journal.requested
        assert (entry.event, entry.key.item) == (AlarmEvent.ACKNOWLEDGE, "DMDEE")
        assert "UNACK 2 of 3" in shown
        assert "acknowledged" in shown


async def test_an_acknowledged_alarm_is_not_acknowledged_again() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a", "space")
        await plant.wait_for_entries(1)
        assert "is already acknowledged" in await plant.press_keys("end", "space")
        assert len(plant.journal.requested) == 1


async def test_the_cursor_stays_on_its_alarm_when_a_more_urgent_one_comes() -> None:
    async with open_alarm_console() as plant:
        live = plant.console.live
        low = [make_state("STOCK_LOW", "A", number=2), make_state("STOCK_LOW", "B", number=3)]
        live.set_alarms(picture_of(*low))
        plant.console.app._run_tick()
        await plant.press_keys("a")
        await plant.console.wait_for_text("Low inventory: A")
        live.set_alarms(picture_of(*low, make_state("DOSE_GROSS", "P", number=1)))
        plant.console.app._run_tick()
        assert "Low inventory: A" in await plant.press_keys("enter")
        assert "Cause" in plant.console.screen


async def test_all_in_sight_are_acknowledged_after_a_question_with_comment_and_name() -> None:
    async with open_alarm_console() as plant:
        assert "Acknowledge 3 alarms?" in await plant.press_keys("a", "A")
        await plant.press_keys(*"seen", "tab", *"Zoe", "enter")
        await plant.wait_for_entries(3)
        assert {entry.comment for entry in plant.journal.requested} == {"seen"}
        assert {entry.who.name for entry in plant.journal.requested} == {"Zoe"}


async def test_what_changed_under_the_question_is_left_out_with_its_reason() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a", "A")
        first, second, third = (
            one.state for one in plant.console.app.services.get_alarms().annunciated_alarms
        )
        reason = "the pump is being repaired"
        others = [
            operator_commands.remove_from_service(first, OTHER, priority=first.priority, reason=reason),
            operator_commands.acknowledge_alarm(second, OTHER),
        ]
        plant.journal.take_entries(others)
        await plant.press_keys(*"seen", "tab", *"Zoe", "enter")
        shown = await plant.console.wait_for_text("Acknowledged 1 of 3 alarms")
        assert [entry.key for entry in plant.journal.requested[2:]] == [third.key]
        said = " ".join(part for line in shown.splitlines() for part in line[20:97].replace("│", " ").split())
        assert f"{first.key.tag} is out of service: it cannot be acknowledged." in said
        assert f"{second.key.tag} is acknowledged already, by Bob." in said
        assert "Acknowledged 1 of 3" not in await plant.press_keys("enter")


async def test_keys_that_come_in_one_packet_are_taken_in_their_order() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a", "A")
        for key in (*"seen", "tab", *"Zoe", "enter"):
            plant.console.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await plant.wait_for_entries(3)
        assert {(one.comment, one.who.name) for one in plant.journal.requested} == {("seen", "Zoe")}


async def test_if_nothing_is_left_to_acknowledge_that_is_said_and_nothing_is_journaled() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a", "A")
        plant.journal.take_entries(
            [
                operator_commands.acknowledge_alarm(one.state, OTHER)
                for one in plant.console.app.services.get_alarms().annunciated_alarms
            ]
        )
        await plant.press_keys("enter")
        assert "Acknowledged 0 of 3 alarms" in plant.console.screen
        assert len(plant.journal.requested) == 3


async def test_a_long_list_of_what_was_left_is_named_as_far_as_there_is_room() -> None:
    async with open_alarm_console(size=SMALL) as plant:
        plant.console.live.set_alarms(make_flood(15))
        plant.console.app._run_tick()
        await plant.press_keys("a", "A")
        plant.console.live.set_alarms(picture_of())
        plant.console.app._run_tick()
        shown = await plant.press_keys("enter")
        assert "Acknowledged 0 of 15 alarms" in shown
        assert "and 10 more" in shown


async def test_leaving_the_question_does_nothing() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a", "A", "escape")
        assert "Acknowledge 3" not in await plant.press_keys("h", "escape")
        assert plant.journal.requested == []


PANEL = Settings(console=ConsoleSettings(name="panel-3", sign_off_minutes=180))


async def test_only_who_is_signed_on_is_the_author_of_a_single_key() -> None:
    """NOW is 14:26 in the late shift, which ends at 22:00."""
    async with open_alarm_console(chosen=PANEL) as plant:
        assert "nobody signed on" in plant.console.screen.splitlines()[0]
        await plant.press_keys("a", "c", *"seen", "tab", *"Zoe", "enter")
        await plant.wait_for_entries(1)
        await plant.press_keys("space")
        await plant.wait_for_entries(2)
        await plant.console.wait_for_text("Nobody is signed on (L).")
        await plant.press_keys("L", *"Bob", "enter")
        shown = await plant.console.wait_for_text("Bob is signed on. Identity not verified.")
        assert "operator Bob" in shown.splitlines()[0]
        await plant.press_keys("space")
        await plant.wait_for_entries(3)
        names = [entry.who.name for entry in plant.journal.requested]
        assert names == ["Zoe", "console panel-3, nobody signed on", "Bob"]


async def test_a_sign_on_ends_by_key_by_time_and_with_the_shift_and_the_status_bar_says_so() -> None:
    async with open_alarm_console(chosen=PANEL, size=SMALL) as plant:
        clock, app = plant.console.clock, plant.console.app

        async def sign_on(name: str) -> str:
            await plant.press_keys("L", *name, "enter")
            await plant.console.wait_for_text(f"{name} is signed on.")
            return plant.console.screen.splitlines()[0]

        assert "Bob" in await sign_on("Bob")
        assert "Bob is signed on since 14:26: identity not verified." in await plant.press_keys("L")
        shown = await plant.press_keys("enter")
        assert "Bob is signed off." in shown
        assert "no operator" in shown.splitlines()[0]
        await sign_on("Anna")
        clock.move_forward(3 * 3_600)
        app._run_tick()
        shown = await plant.console.wait_for_text("Anna was signed off: no key for 3 h.")
        assert "no operator" in shown.splitlines()[0]
        await sign_on("Zoe")
        clock.move_forward(2 * 3_600)
        await plant.press_keys("down")
        clock.move_forward(2.9 * 3_600)
        app._run_tick()
        await plant.console.wait_for_text("Zoe was signed off: the shift has changed.")


async def test_shelving_needs_a_reason_and_is_bounded_by_the_priority() -> None:
    async with open_alarm_console() as plant:
        asked = await plant.press_keys("a", "h")
        assert "30 min at most" in asked
        assert "A reason is required" in await plant.press_keys("enter")
        await plant.press_keys(*"refill", "tab", "tab", *["right"] * 20, "enter")
        shown = await plant.wait_for_entries(1)
        (entry,) = plant.journal.requested
        assert entry.until is not None
        assert (entry.until - entry.at).total_seconds() == 30 * 60
        assert "Shelved 1" in shown
        assert "T-9" not in shown.splitlines()[1]
        shown = await plant.press_keys("tab")
        assert "refill" in shown
        assert "30 min" in shown
        await plant.press_keys("u", "enter")
        assert "Shelved 0" in await plant.wait_for_entries(2)


async def test_out_of_service_and_back() -> None:
    async with open_alarm_console() as plant:
        assert "until it is returned" in await plant.press_keys("a", "o")
        await plant.press_keys(*"scale", "space", *"gone", "enter")
        assert "Out of service 1" in await plant.wait_for_entries(1)
        await plant.press_keys("tab", "tab", "tab", "u", "enter")
        assert "Out of service 0" in await plant.wait_for_entries(2)
        assert [entry.event for entry in plant.journal.requested] == [
            AlarmEvent.REMOVE_FROM_SERVICE,
            AlarmEvent.RETURN_TO_SERVICE,
        ]


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_what_is_suppressed_by_design_is_listed_with_its_reason(size: tuple[int, int]) -> None:
    async with open_alarm_console(size=size) as plant:
        hiding = Suppression(AlarmStateName.SUPPRESSED, sample_plant.NOW, "the station is offline")
        dose = make_state(
            "DOSE_OUT_OF_TOL", "T-12", message="Dose out of tolerance: T-12 +1.50 g", hiding=hiding
        )
        plant.console.live.set_alarms(picture_of(make_state("DEVICE_OFFLINE"), dose))
        plant.console.app._run_tick()
        shown = await plant.press_keys("a")
        assert "Dose out of tolerance" not in shown
        shown = await plant.press_keys("tab", "tab")
        (row,) = [line for line in shown.splitlines() if "DOSE_OUT_OF_TOL/T-12" in line[:50]]
        assert "the station is offline" in row
        detail = await plant.press_keys("enter")
        assert "the station is offline" in detail


async def test_what_is_not_possible_is_refused_with_a_sentence() -> None:
    async with open_alarm_console() as plant:
        assert "cannot be reset: its condition still holds" in await plant.press_keys("a", "R")
        assert "is not shelved" in await plant.press_keys("u")
        assert plant.journal.requested == []


async def test_a_journal_that_is_away_is_named_and_nothing_is_acknowledged() -> None:
    async with open_alarm_console() as plant:
        plant.console.source.away = "No database server listens at db.plant:5432."
        await plant.press_keys("a", "space")
        shown = await plant.console.wait_for_text("Action failed: No database server")
        assert "UNACK 3 of 3" in shown


async def test_without_the_database_the_collecting_machine_keeps_what_was_done_and_says_so() -> None:
    async with open_alarm_console() as plant:
        plant.console.source.away = "No database server listens at db.plant:5432."
        plant.console.source.keeps = True
        await plant.press_keys("a", "space")
        await plant.console.wait_for_text("Kept on this machine until the database is back.")
        plant.console.app._run_tick()
        await plant.console.wait_for_text("UNACK 2 of 3")
        kept = replace(
            picture_of(make_state("DOSE_GROSS", "P")), is_journal_live=False, pending_command_count=2
        )
        plant.console.live.set_alarms(kept)
        plant.console.app._run_tick()
        shown = await plant.console.wait_for_text("2 not journaled")
        assert "journal unavailable: shared later" in shown


async def test_the_detail_says_what_to_do_and_its_keys_work() -> None:
    async with open_alarm_console(size=SMALL) as plant:
        shown = await plant.press_keys("a", "enter")
        for word in ("Cause", "Consequence", "Action", "refill the tank now", "3.0 %", "limit 5.0 %"):
            assert word in shown
        await plant.press_keys("space")
        await plant.wait_for_entries(1)
        assert plant.journal.requested[0].key.rule == "STOCK_CRITICAL"


async def test_a_text_longer_than_the_window_is_read_by_scrolling() -> None:
    async with open_alarm_console(size=SMALL) as plant:
        message = " ".join(f"word{number:02}" for number in range(34))
        state = make_state("DOSE_GROSS", "Polyaluminiumchlorid 18 flüssig, Charge 7", message=message)
        plant.console.live.set_alarms(
            picture_of(structs.replace(state, comment="seen " * 40, acked_at=state.raised_at))
        )
        plant.console.app._run_tick()
        shown = await plant.press_keys("a", "enter")
        assert all(word in shown for word in (*message.split(), "↑↓ More", "Charge 7"))
        assert "it goes on." not in shown
        assert "it goes on." in await plant.press_keys(*["down"] * 12)


async def test_the_keys_of_screens_lead_there_and_escape_leads_back() -> None:
    async with open_alarm_console() as plant:
        assert "› Alarms" in await plant.press_keys("a")
        assert "› Inventory" in await plant.press_keys("2")
        await plant.press_keys("a")
        assert "› Inventory" in await plant.press_keys("escape")
        assert "› Inventory" in await plant.press_keys("a", "a")


async def test_the_bell_rings_until_it_is_silenced_and_again_for_the_next_alarm() -> None:
    async with open_alarm_console() as plant:
        app, clock = plant.console.app, plant.console.clock
        clock.move_forward(3)
        app._run_tick()
        app._run_tick()
        assert len(plant.bells) == 1
        await plant.press_keys("x")
        clock.move_forward(60)
        app._run_tick()
        assert len(plant.bells) == 1
        assert "UNACK 3 of 3" in plant.console.screen
        plant.console.live.set_alarms(picture_of(make_state("DOSE_GROSS", "P", number=1)))
        app._run_tick()
        assert len(plant.bells) == 2


async def test_a_site_without_a_bell_hears_none() -> None:
    async with open_alarm_console(chosen=Settings(console=ConsoleSettings(bell=False))) as plant:
        plant.console.clock.move_forward(3)
        plant.console.app._run_tick()
        assert plant.bells == []
        assert "x silence" not in plant.console.screen


async def test_a_flood_is_two_rows_that_open_and_are_acknowledged_after_a_question_with_the_number() -> None:
    async with open_alarm_console(size=SMALL) as plant:
        plant.console.live.set_alarms(make_flood(500))
        plant.console.app._run_tick()
        shown = await plant.press_keys("a")
        assert "FLOOD 500" in shown
        assert "500 active · 500 unacknowledged · 0 shelved" in shown
        assert [part for part in shown.split() if part.startswith("×")] == ["×166", "×334"]
        assert "Enter opens the group" in await plant.press_keys("h")
        assert "T-498" in await plant.press_keys("enter", "end")
        shown = await plant.press_keys("escape", "space")
        assert "Acknowledge 166 alarms?" in shown
        plant.console.live.set_alarms(make_flood(600))
        plant.console.app._run_tick()
        await plant.press_keys("enter")
        await wait_for(lambda: len(plant.journal.requested) > 0)
        assert len(plant.journal.requested) == 166


async def test_after_an_acknowledgement_the_cursor_is_on_the_next_alarm_that_waits() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a")
        for count in (1, 2, 3):
            await plant.press_keys("space")
            await plant.wait_for_entries(count)
        items = [entry.key.item for entry in plant.journal.requested]
        assert items == ["T-9", "DMDEE", "T-12"]
        assert "is already acknowledged" in await plant.press_keys("space")


async def test_a_second_key_before_the_answer_does_not_acknowledge_again_nor_the_next_alarm() -> None:
    async with open_alarm_console() as plant:
        held: list[object] = []
        plant.console.source.on_journal = held.extend
        await plant.press_keys("a", "space", "space", "space")
        await wait_for(lambda: len(held) > 0)
        shown = await plant.press_keys("space")
        assert "Acknowledging …" in shown
        assert len(held) == 1


async def test_the_cursor_stays_on_an_alarm_that_somebody_else_acknowledges() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a", "down")
        second = plant.console.app.services.get_alarms().annunciated_alarms[1].state
        plant.journal.take_entries([operator_commands.acknowledge_alarm(second, OTHER)])
        plant.console.app._run_tick()
        assert "is already acknowledged" in await plant.press_keys("space")


async def test_sort_and_filter_last_while_the_console_runs_and_hide_nothing_silently() -> None:
    async with open_alarm_console(size=SMALL) as plant:
        shown = await plant.press_keys("a", "O", "slash", "space", "enter")
        assert "by newest · / filter hides 2 (2 unacknowledged): HIGH" in shown
        assert "3 active · 3 unacknowledged · 0 shelved" in shown
        assert "STOCK_CRITICAL/T-9" in shown
        assert "STOCK_LOW/DMDEE" not in shown
        shown = await plant.press_keys("escape", "a")
        assert "by newest · / filter hides 2" in shown
        assert "by newest · / filter " in await plant.press_keys("slash", "c", "enter")
        assert "STOCK_LOW/DMDEE" in plant.console.screen


async def test_the_top_alarm_is_acknowledged_with_two_keys_and_shelved_with_three_and_a_reason() -> None:
    async with open_alarm_console(size=SMALL) as plant:
        await plant.press_keys("a", "space")
        await plant.wait_for_entries(1)
        assert plant.journal.requested[0].key.rule == "STOCK_CRITICAL"
        await plant.press_keys("escape")
        await plant.press_keys("a", "h", *"refill", "enter")
        await plant.wait_for_entries(2)
        entry = plant.journal.requested[1]
        assert entry.until is not None
        assert (entry.until - entry.at).total_seconds() == 30 * 60


async def test_beside_the_list_is_what_to_do_where_there_is_room() -> None:
    async with open_alarm_console() as plant:
        shown = await plant.press_keys("a")
        assert "Consequence" in shown
        assert "STOCK_CRITICAL/T-9 " in shown
        assert "Low inventory: DMDEE" in await plant.press_keys("down")
    async with open_alarm_console(size=SMALL) as plant:
        assert "Consequence" not in await plant.press_keys("a")


@pytest.mark.parametrize("keys", [["a"], ["a", "enter"], ["a", "h"], ["a", "A"], ["a", "tab", "enter"]])
async def test_hostile_texts_are_harmless_everywhere(keys: list[str]) -> None:
    async with open_alarm_console(size=SMALL) as plant:
        one = make_state("STOCK_LOW", HOSTILE, message=HOSTILE, comment=HOSTILE)
        plant.console.live.set_alarms(picture_of(one))
        plant.console.app._run_tick()
        for line in (await plant.press_keys(*keys)).splitlines():
            assert line.isprintable()
            assert len(line) == 80


async def test_a_journal_that_is_not_followed_is_named() -> None:
    async with open_alarm_console() as plant:
        plant.console.live.set_alarms(picture_of(make_state("STOCK_LOW"), journal=False))
        plant.console.app._run_tick()
        assert "journal unavailable" in await plant.press_keys("a")


async def test_the_list_is_exported_as_it_is_shown(tmp_path: object) -> None:
    chosen = Settings(console=ConsoleSettings(export_dir=str(tmp_path)))
    async with open_alarm_console(chosen=chosen) as plant:
        assert "Saved" in await plant.press_keys("a", "e")


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_health_of_the_alarms_comes_from_the_journal(size: tuple[int, int]) -> None:
    async with open_alarm_console(size=size) as plant:
        plant.console.source.entries = plant.journal.entries
        plant.console.clock.move_forward(3_600)
        await plant.press_keys("a", "shift+tab")
        shown = await plant.console.wait_for_text("Alarms per hour")
        for word in ("3.0", "≤ 6", "≤ 12", "Chattering", "Median time to acknowledge", "of 30 days needed"):
            assert word in shown


async def test_a_channel_that_fails_shows_while_the_page_is_open() -> None:
    why = "The server answers 500."
    async with open_alarm_console() as plant:
        plant.console.source.entries = plant.journal.entries
        plant.console.clock.move_forward(3_600)
        await plant.press_keys("a", "shift+tab")
        await plant.console.wait_for_text("alarm notifications are disabled")
        failing = ChannelStatus("shift", waiting=2, failing_since=sample_plant.NOW, reason=why)
        plant.console.source.told_by = [failing]
        plant.console.clock.move_forward(11)
        plant.console.app._run_tick()
        await plant.console.wait_for_text(why)


async def test_without_a_journal_there_is_no_health_and_it_is_said_why() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a", "shift+tab")
        await plant.console.wait_for_text("The alarm journal is empty")
        plant.console.source.away = "No database server listens at db.plant:5432."
        await plant.press_keys("tab", "shift+tab")
        await plant.console.wait_for_text("No database server listens")


async def test_the_detail_names_the_keys_of_the_site() -> None:
    story = make_history(days=0.2)
    where = TerminalOptions(keymap={"alarm-ack": "k"})
    async with open_console(
        size=SMALL, source=FakeSource(story), live=live_plant(story, TANKS), where=where
    ) as one:
        assert "k Ackn" in await one.press_keys("a", "enter")
