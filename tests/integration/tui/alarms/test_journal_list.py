"""The journal on the alarm page, by keys: pages, range, filters, an entry whole, files."""

import csv
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import ConsoleSettings, GlyphMode, Settings
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry
from dosing_tui.tui.alarms import journal_list
from dosing_tui.tui.app.terminal_options import TerminalOptions
from tests.support.domain.alarm_entries import make_entry, numbered_uuid
from tests.support.tui.console_driver import LARGE, MEDIUM, SMALL, Console, open_console
from tests.support.tui.sample_plant import HOSTILE, NOW, FakeSource, make_history

ANNA = Actor("Anna", "anna", "dosing")
TO_JOURNAL = ("a", "shift+tab", "shift+tab")


def numbered_entry(
    number: int, event: AlarmEvent = AlarmEvent.RAISE, *, minutes: float = 0.0, **changes: object
) -> JournalEntry:
    """``minutes`` ago; the number is its place in the journal."""
    at = NOW - timedelta(minutes=minutes)
    made = make_entry(event, number)
    return replace(made, **{"at": at, "received_at": at, "uuid": numbered_uuid(number), **changes})  # type: ignore[arg-type]  # names of Entry's fields


def make_entries(count: int) -> list[JournalEntry]:
    """One alarm a minute, the last of it now, each with a tank of its own."""
    return [
        numbered_entry(
            number, minutes=count - number, key=AlarmKey("STOCK_LOW", "station-1", f"T-{number}"),
            message=f"Low inventory: tank {number}",
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


@asynccontextmanager
async def open_journal(
    entries: list[JournalEntry], *, size: tuple[int, int] = LARGE, where: TerminalOptions | None = None,
    chosen: Settings | None = None,
) -> AsyncIterator[Console]:  # fmt: skip
    source = FakeSource(make_history(days=0.2))
    source.entries = entries
    async with open_console(size=size, source=source, where=where, chosen=chosen) as one:
        await one.press_keys(*TO_JOURNAL)
        yield one


def rows_of(screen: str) -> list[str]:
    """The entries, each with its tag; not the banner above them."""
    return [line for line in screen.splitlines()[3:] if "STOCK_LOW" in line or "DOSE_GROSS" in line]


def read_export(folder: Path, suffix: str) -> str:
    (path,) = folder.glob(f"*.{suffix}")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [LARGE, MEDIUM, SMALL])
async def test_what_happened_is_listed_the_newest_first_with_who_and_what(size: tuple[int, int]) -> None:
    happened = [
        numbered_entry(1, minutes=9, message="tank A"),
        numbered_entry(2, AlarmEvent.ACKNOWLEDGE, minutes=8, message="tank A", who=ANNA, comment="on my way"),
        numbered_entry(3, AlarmEvent.RETURN, minutes=7, message="tank A"),
    ]
    async with open_journal(happened, size=size) as one:
        shown = rows_of(await one.wait_for_text("normal (RTN)"))
        assert [("raised" in row, "acknowledged" in row) for row in shown] == [
            (False, False), (False, True), (True, False),
        ]  # fmt: skip
        assert "Anna" in shown[1]
        assert "3 entries" in one.screen
        assert len(one.screen.splitlines()) == size[1]


async def test_only_pages_that_come_in_sight_are_read_and_no_entry_is_read_twice_or_passed_over() -> None:
    async with open_journal(make_entries(900)) as one:
        assert "tank 900" in await one.wait_for_text("200 entries, older below")
        await one.press_keys(*["pagedown"] * 6)
        await one.wait_for_text("400 entries, older below")
        assert len(one.source.pages) == 2
        await one.press_keys("end")
        await one.wait_for_text("600 entries")
        await one.press_keys("end")
        await one.wait_for_text("800 entries")
        await one.press_keys("end")
        await one.wait_for_text("900 entries · Home: live")
        assert "tank 1 " in await one.press_keys("end")
        assert [row.id for row in one.app.controllers.journal.journal_list.rows] == list(range(900, 0, -1))


async def test_entries_of_one_moment_are_not_lost_between_two_pages() -> None:
    async with open_journal([replace(one, at=NOW) for one in make_entries(500)]) as one:
        await one.wait_for_text("200 entries, older below")
        await one.press_keys("end")
        await one.wait_for_text("400 entries")
        await one.press_keys("end")
        await one.wait_for_text("500 entries")
        assert [row.id for row in one.app.controllers.journal.journal_list.rows] == list(range(500, 0, -1))


async def test_new_entries_come_in_at_the_top_and_leave_the_cursor_where_it_is() -> None:
    entries = make_entries(30)
    async with open_journal(entries) as one:
        await one.wait_for_text("30 entries · live")
        await one.press_keys("down", "down")
        assert one.app.controllers.journal.journal_list.selected_entry == entries[27]
        entries.append(numbered_entry(31, message="tank 31"))
        one.clock.move_forward(11)
        one.app._run_tick()
        await one.wait_for_text("tank 31")
        assert one.app.controllers.journal.journal_list.selected_entry == entries[27]


async def test_nothing_moves_while_older_pages_are_read_until_home() -> None:
    entries = make_entries(300)
    async with open_journal(entries) as one:
        await one.wait_for_text("200 entries")
        await one.press_keys("end")
        await one.wait_for_text("300 entries · Home: live")
        entries.append(numbered_entry(301, message="tank 301"))
        one.clock.move_forward(60)
        one.app._run_tick()
        await one.pilot.pause()
        assert "tank 301" not in one.screen
        await one.press_keys("home")
        one.app._run_tick()
        await one.wait_for_text("tank 301")


async def test_the_range_of_the_console_is_that_of_the_journal() -> None:
    async with open_journal(make_entries(300)) as one:
        await one.wait_for_text("200 entries")
        await one.press_keys("g", "2")
        assert "last 1 h" in await one.wait_for_text("61 entries")
        await one.press_keys("[")
        await one.wait_for_text("60 entries")
        assert one.app.controllers.journal.journal_list.rows[0].at < NOW - timedelta(minutes=59)


async def test_a_shift_is_a_range_of_the_journal_too() -> None:
    async with open_journal(make_entries(30)) as one:
        await one.press_keys("g", "s")
        await one.wait_for_text("entries")
        assert "shift" in one.screen.lower()


async def test_entries_are_chosen_by_tag_user_and_event() -> None:
    happened = [
        numbered_entry(1, minutes=9, key=AlarmKey("DOSE_GROSS", "station-1", "P"), message="tank P"),
        numbered_entry(2, minutes=8, message="tank A"),
        numbered_entry(3, AlarmEvent.ACKNOWLEDGE, minutes=7, message="tank A", who=ANNA),
    ]
    async with open_journal(happened) as one:
        await one.press_keys("slash", *"gross", "enter")
        shown = await one.wait_for_text("only tag gross")
        assert len(rows_of(shown)) == 1
        await one.press_keys("slash", "tab", "tab", "c", "up", *"anna", "enter")
        assert len(rows_of(await one.wait_for_text("only by anna"))) == 1
        await one.press_keys("slash", "tab", "tab", "c", "space", "enter")
        assert len(rows_of(await one.wait_for_text("only raised"))) == 2
        await one.press_keys("slash", *"nowhere", "enter")
        await one.wait_for_text("No entries in this range for tag nowhere · raised.")


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_entries_are_chosen_by_the_state_that_their_alarm_is_in_now(size: tuple[int, int]) -> None:
    happened = [
        numbered_entry(1, minutes=9, key=AlarmKey("DOSE_GROSS", "station-1", "P"), message="tank P"),
        numbered_entry(2, minutes=8, message="tank A"),
        numbered_entry(
            3, AlarmEvent.SHELVE, minutes=7, message="tank A", who=ANNA, until=NOW + timedelta(hours=1)
        ),
    ]
    async with open_journal(happened, size=size) as one:
        asked = await one.press_keys("slash", "tab", "tab", "tab")
        assert "Alarms now: all" in asked
        assert "out of service" in asked
        await one.press_keys("down", "down", "down", "down", "down", "space", "enter")
        shown = await one.wait_for_text("only now shelved")
        assert len(rows_of(shown)) == 2
        assert all("STOCK_LOW" in row for row in rows_of(shown))
        assert "[x] shelved" in await one.press_keys("slash", "shift+tab")


async def test_what_was_entered_without_the_database_says_so() -> None:
    kept = numbered_entry(7, AlarmEvent.ACKNOWLEDGE, minutes=3, who=Actor("Anna", "hmi"), offline=True)
    async with open_journal([kept]) as one:
        await one.wait_for_text("1 entry")
        shown = await one.press_keys("enter")
        assert "while the database was unavailable" in shown
        assert "(database role)" not in shown


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_an_entry_shows_everything_it_has(size: tuple[int, int]) -> None:
    acked = numbered_entry(
        7, AlarmEvent.SHELVE, minutes=3, who=Actor("Anna", "hmi", "dosing_writer"), comment="pump is away",
        until=NOW + timedelta(hours=1), received_at=NOW - timedelta(minutes=2),
    )  # fmt: skip
    async with open_journal([acked], size=size) as one:
        await one.wait_for_text("1 entry")
        shown = await one.press_keys("enter")
        for word in (
            "STOCK_LOW/dosing_system_01/T-12", "shelved, medium priority", "Received", "Until", "Anna",
            "hmi (account)", "dosing_writer (database role)", "pump is away", "19.9 %, limit 20.0 %",
            "version 1", "7 in the journal",
        ):  # fmt: skip
            assert word in shown
        assert "1 entry" in await one.press_keys("enter")


async def test_exactly_the_list_is_saved_also_what_was_not_read_yet(tmp_path: Path) -> None:
    chosen = Settings(console=ConsoleSettings(export_dir=str(tmp_path)))
    async with open_journal(
        [*make_entries(450), numbered_entry(999, AlarmEvent.RETURN)], chosen=chosen
    ) as one:
        await one.press_keys("slash", "tab", "tab", "space", "enter")
        await one.wait_for_text("200 entries, older below")
        await one.press_keys("e")
        await one.wait_for_text("Saved")
    rows = list(csv.DictReader(read_export(tmp_path, "csv").splitlines()))
    assert [int(row["id"]) for row in rows] == list(range(450, 0, -1))
    assert datetime.fromisoformat(rows[0]["at"]) == NOW
    found = json.loads(read_export(tmp_path, "json"))
    assert len(found["rows"]) == 450
    assert "raised" in found["range"]["text"]


async def test_an_empty_journal_and_a_database_that_is_away_are_a_sentence_each() -> None:
    async with open_journal([]) as one:
        await one.wait_for_text("No alarm events in this range.")
        assert "nothing to export" in await one.press_keys("e")
        one.source.away = "No database server listens at db.plant:5432."
        one.clock.move_forward(11)
        one.app._run_tick()
        await one.wait_for_text("No database server listens at db.plant:5432.")


async def test_what_was_read_stays_when_the_database_goes_away_and_it_is_said() -> None:
    async with open_journal(make_entries(5)) as one:
        await one.wait_for_text("5 entries")
        one.source.away = "No database server listens at db.plant:5432."
        one.clock.move_forward(11)
        one.app._run_tick()
        shown = await one.wait_for_text("▲ No database server listens")
        assert len(rows_of(shown)) == 5
        one.source.away = ""
        one.clock.move_forward(11)
        one.app._run_tick()
        await one.wait_for_text("5 entries · live")


@pytest.mark.parametrize("keys", [(), ("enter",), ("slash",)])
async def test_hostile_texts_are_harmless(keys: tuple[str, ...]) -> None:
    hostile = numbered_entry(
        1,
        AlarmEvent.ACKNOWLEDGE,
        key=AlarmKey("STOCK_LOW", HOSTILE, HOSTILE),
        message=HOSTILE,
        comment=HOSTILE,
        who=Actor(HOSTILE, HOSTILE, HOSTILE),
    )
    where = TerminalOptions(glyphs=GlyphMode.ASCII)
    async with open_journal([hostile], size=SMALL, where=where) as one:
        await one.wait_for_text("1 entry")
        shown = await one.press_keys(*keys)
        assert all(line.isprintable() for line in shown.splitlines())


def test_no_more_entries_are_kept_than_can_be_walked_through() -> None:
    known = journal_list.JournalList(
        journal_list.build_journal_filter(journal_list.JournalFilterForm(), NOW, NOW),
        tuple(make_entries(journal_list.MAX_ENTRIES)),
        has_more=True,
    )
    assert journal_list.build_older_filter(known) is None
