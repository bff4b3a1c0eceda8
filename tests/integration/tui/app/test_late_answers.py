"""A slow database: what it answers late opens nothing over another screen, and acts in nobody else's name."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from textual import events
from textual.message import Message
from textual.screen import Screen

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.domain.batch_review.review_rules import Review, ReviewDraft
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.tui.app.ordered_input import LATE_SCREEN_S
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.dialogs.note_dialog import NoteDialog
from dosing_tui.tui.dialogs.review_dialog import ReviewDialog
from dosing_tui.tui.dialogs.sign_on_dialog import PinDialog, SignOnDialog
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from tests.support.tui import sample_plant
from tests.support.tui.batch_samples import SampleBatches, sample_batches
from tests.support.tui.console_driver import LARGE, SMALL, Console, open_console, wait_for
from tests.support.tui.sample_plant import FakeSource, NoBatches
from tests.support.tui.sign_on import sign_on_now

PATIENCE_S = 30.0


class SlowBatches(NoBatches):
    """Answers when it is let; PINs are in use."""

    policy = ReviewPolicy(pin=True)

    def __init__(self) -> None:
        self.may_check, self.may_read = threading.Event(), threading.Event()
        self.may_read.set()
        self.checked: list[tuple[str, str]] = []

    def read_policy(self) -> ReviewPolicy:
        assert self.may_read.wait(PATIENCE_S)
        return self.policy

    def verify_pin(self, who: str, pin: str) -> bool:
        self.checked.append((who, pin))
        assert self.may_check.wait(PATIENCE_S)
        return super().verify_pin(who, pin)


class SlowSource(FakeSource):
    """Writes nothing before it is let."""

    def __init__(self) -> None:
        super().__init__(sample_plant.make_history())
        self.may_write = threading.Event()

    def add_note(self, draft: NoteDraft) -> None:
        assert self.may_write.wait(PATIENCE_S)
        super().add_note(draft)


def make_clean_batches(count: int) -> SampleBatches:
    samples = sample_batches()
    clean = next(one for one in samples.details if one.row.status == "complete" and not one.row.findings)
    rows = [replace(clean.row, batch_key=f"key {n}", batch_id=f"{n:02d}-021") for n in range(1, count + 1)]
    return SampleBatches(tuple(replace(clean, row=row) for row in rows), samples.told)


def make_review(draft: ReviewDraft) -> Review:
    return Review(
        1, draft.batch_key, "", sample_plant.NOW, draft.who, "", "", draft.meaning, draft.comment, "",
        draft.expected_record_hash, draft.expected_assessment_hash, "",
    )  # fmt: skip


class SlowReviews:
    """Clean batches, none of them reviewed; the list for a bulk approval, and each write, wait until let."""

    account = "anna"

    def __init__(self) -> None:
        self._samples = make_clean_batches(5)
        self.may_list, self.may_enter = threading.Event(), threading.Event()
        self.listed = 0
        self.entered: list[ReviewDraft] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._samples, name)

    def list_batches(
        self, batch_filter: BatchFilter, after: BatchRow | None, rows: int
    ) -> Sequence[BatchRow]:
        if not batch_filter.clean:
            return self._samples.list_batches(batch_filter, after=after, rows=rows)
        self.listed += 1
        assert self.may_list.wait(PATIENCE_S)
        return [one.row for one in self._samples.details]

    def enter_reviews(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        self.entered += drafts
        assert self.may_enter.wait(PATIENCE_S)
        return ReviewResult(tuple(map(make_review, drafts)))


async def finish_lane(console: Console, lane: Lane = Lane.REVIEWS) -> None:
    """Every answer of the lane has come, and been acted on."""
    done = [threading.Event() for _ in range(2)]
    for number, event in enumerate(done):
        other = done[1 - number]

        def meet(event: threading.Event = event, other: threading.Event = other) -> None:
            event.set()
            other.wait(PATIENCE_S)

        console.app._query_workers.submit_job(meet, lane)
    await wait_for(lambda: all(event.is_set() for event in done))
    await console.pilot.pause()
    console.app._run_tick()
    await console.pilot.pause()


async def sign_on(console: Console, name: str, pin: str = "") -> None:
    """By the keys. ``pin`` '' where none is asked for, or none is there."""
    await console.press_on_next_screen("L", *name)
    await console.press_on_next_screen("enter")
    if isinstance(console.app.screen, PinDialog):
        await console.press_keys(*pin, "enter")


def get_bar(console: Console) -> str:
    return console.screen.splitlines()[0]


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_a_pin_checked_late_does_not_sign_on_somebody_who_has_left(size: tuple[int, int]) -> None:
    batches, source = SlowBatches(), SlowSource()
    source.batches = batches
    async with open_console(source=source, size=size) as console:
        await sign_on(console, "Anna", "1234")
        assert "checking" in get_bar(console)
        await sign_on(console, "Ben")
        await wait_for(lambda: console.app.services.operator.name == "Ben")
        batches.may_check.set()
        await finish_lane(console)
        operator = console.app.services.operator.operator
        assert operator is not None
        assert (operator.name, operator.is_verified) == ("Ben", False)
        assert "Ben" in get_bar(console)
        assert console.app.services.entries.failures == ()


async def test_a_pin_checked_in_time_signs_on_whatever_screen_is_open() -> None:
    batches, source = SlowBatches(), SlowSource()
    source.batches = batches
    async with open_console(source=source) as console:
        await sign_on(console, "Anna", "1234")
        await console.press_on_next_screen("S")
        batches.may_check.set()
        await finish_lane(console)
        await wait_for(lambda: "Anna (PIN)" in get_bar(console), lambda: console.screen)


async def test_no_pin_is_asked_for_over_a_note_that_is_being_typed() -> None:
    batches, source = SlowBatches(), SlowSource()
    source.batches = batches
    batches.may_read.clear()
    async with open_console(source=source) as console:
        await console.press_on_next_screen("L", *"Anna")
        assert isinstance(console.app.screen, SignOnDialog)
        await console.press_on_next_screen("enter")
        await console.press_on_next_screen("n", *"drum of ")
        batches.may_read.set()
        await finish_lane(console)
        assert isinstance(console.app.screen, NoteDialog)
        await console.press_keys(*"T-9")
        assert "drum of T-9" in console.screen.replace("▌", "")
        assert batches.checked == []
        assert console.app.services.operator.name == ""
        await console.press_keys("escape")
        assert "Anna is not signed on" in console.screen


async def test_no_approval_is_asked_for_over_another_screen_and_only_one_at_a_time() -> None:
    reviews, source = SlowReviews(), SlowSource()
    source.batches = reviews
    async with open_console(source=source) as console:
        sign_on_now(console.app.services.operator, "Anna")
        await open_list(console)
        await console.press_keys("A", "A", "A")
        await console.press_on_next_screen("1")
        await console.press_on_next_screen("n", *"drum of ")
        reviews.may_list.set()
        await finish_lane(console)
        assert isinstance(console.app.screen, NoteDialog)
        assert reviews.listed == 1
        await console.press_keys("escape")
        await open_list(console)
        await console.press_keys("A")
        await wait_for(lambda: isinstance(console.app.screen, ReviewDialog))
        assert len(console.app.screen_stack) == len(["default", "dashboard", "batches", "question"])
        assert reviews.entered == []


async def press_at(console: Console, moment: float, key: str) -> None:
    """A key that was typed then, acted on."""
    event = events.Key(key, key if len(key) == 1 else None)
    event.time = moment
    handled = asyncio.Event()
    console.app.post_message(event)
    console.app.call_later(handled.set)
    await wait_for(handled.is_set)
    await console.pilot.pause()


async def wait_for_late_dialog(console: Console, kind: type[Screen[Any]]) -> float:
    """When it was drawn."""
    await wait_for(lambda: isinstance(console.app.screen, kind) and console.app._drawn_at is not None)
    assert console.app._drawn_at is not None
    return console.app._drawn_at


async def test_an_approval_that_is_asked_for_late_takes_no_key_from_before_it_can_be_read() -> None:
    reviews, source = SlowReviews(), SlowSource()
    source.batches = reviews
    reviews.may_list.set()
    async with open_console(source=source) as console:
        sign_on_now(console.app.services.operator, "Anna")
        await open_list(console)
        await console.press_keys("A")
        drawn_at = await wait_for_late_dialog(console, ReviewDialog)
        for key in ("enter", "escape", "enter"):
            for delay in (-0.05, 0.0, 0.1, LATE_SCREEN_S - 0.01):
                await press_at(console, drawn_at + delay, key)
        for kind in (events.MouseDown, events.MouseUp):
            click = kind(None, 62, 25, 0, 0, 1, False, False, False, 62, 25)
            click.time = drawn_at + 0.1
            console.app.post_message(click)
        await console.pilot.pause()
        assert isinstance(console.app.screen, ReviewDialog)
        assert reviews.entered == []
        reviews.may_enter.set()
        await press_at(console, drawn_at + LATE_SCREEN_S, "enter")
        await wait_for(lambda: len(reviews.entered) == 5, lambda: console.screen)


async def test_a_pin_that_is_typed_as_soon_as_it_is_asked_for_is_whole() -> None:
    batches, source = SlowBatches(), SlowSource()
    source.batches = batches
    batches.may_read.clear()
    async with open_console(source=source) as console:
        await console.press_on_next_screen("L", *"Anna")
        await console.press_on_next_screen("enter")
        batches.may_read.set()
        drawn_at = await wait_for_late_dialog(console, PinDialog)
        for number, digit in enumerate("1234"):
            await press_at(console, drawn_at + number * 0.15, digit)
        await press_at(console, drawn_at + 0.3, "enter")
        assert isinstance(console.app.screen, PinDialog)
        await press_at(console, drawn_at + 0.6, "enter")
        await wait_for(lambda: batches.checked == [("Anna", "1234")])
        batches.may_check.set()


async def test_a_dialog_that_a_key_or_the_palette_opens_is_answered_at_once() -> None:
    async with open_console() as console:
        await console.press_keys("n")
        drawn_at = await wait_for_late_dialog(console, NoteDialog)
        assert console.app.awaits_input(drawn_at)
        await console.press_keys("escape", ":", *"operator note")
        await press_at(console, Message().time, "enter")
        assert console.app.awaits_input(await wait_for_late_dialog(console, NoteDialog))


async def open_list(console: Console) -> None:
    await console.press_on_next_screen("b")
    store = console.app.controllers.reviews.store
    assert store is not None
    await wait_for(lambda: store.is_loaded)


async def open_batch(console: Console, key: str, batch_id: str) -> None:
    """By a key; seen long enough to be approved."""
    await console.press_keys(key)
    screen = console.app.controllers.reviews.screen
    assert screen is not None
    await wait_for(lambda: screen._viewed_row is not None and screen._viewed_row.batch_id == batch_id)
    console.clock.move_forward(0.5)


async def test_a_review_stored_late_leads_away_from_no_batch_but_its_own() -> None:
    reviews, source = SlowReviews(), SlowSource()
    source.batches = reviews
    async with open_console(source=source) as console:
        sign_on_now(console.app.services.operator, "Anna")
        await open_list(console)
        await open_batch(console, "enter", "01-021")
        await console.press_keys("space")
        await open_batch(console, "right", "02-021")
        reviews.may_enter.set()
        await wait_for(lambda: not console.app.controllers.reviews.is_entering)
        await console.wait_for_text("01-021: approved.")
        await finish_lane(console)
        await open_batch(console, "up", "02-021")
        await console.press_keys("space")
        await console.wait_for_text("02-021: approved.")
        assert [draft.batch_key for draft in reviews.entered] == ["key 1", "key 2"]
        screen = console.app.controllers.reviews.screen
        assert screen is not None
        await wait_for(lambda: screen._viewed_row is not None and screen._viewed_row.batch_id == "03-021")
        console.clock.move_forward(0.5)
        await console.press_keys("space")
        assert len(reviews.entered) == len(["key 1", "key 2"]), "seen for no longer than a reflex takes"
        console.clock.move_forward(0.5)
        await console.press_keys("space")
        await console.wait_for_text("03-021: approved.")


async def test_a_review_stored_late_does_not_open_a_batch_from_the_list() -> None:
    reviews, source = SlowReviews(), SlowSource()
    source.batches = reviews
    async with open_console(source=source) as console:
        sign_on_now(console.app.services.operator, "Anna")
        await open_list(console)
        await open_batch(console, "enter", "01-021")
        await console.press_keys("space", "escape")
        reviews.may_enter.set()
        await console.wait_for_text("01-021: approved.")
        await finish_lane(console)
        screen = console.app.controllers.reviews.screen
        assert screen is not None
        assert screen.screen_title == "Batches"


async def test_a_form_that_was_left_open_approves_nothing_in_the_name_of_the_shift_before() -> None:
    reviews, source = SlowReviews(), SlowSource()
    source.batches = reviews
    reviews.may_list.set()
    reviews.may_enter.set()
    async with open_console(source=source) as console:
        sign_on_now(console.app.services.operator, "Anna")
        await open_list(console)
        await console.press_keys("A")
        await wait_for(lambda: isinstance(console.app.screen, ReviewDialog))
        assert isinstance(console.app.screen, ReviewDialog)
        console.clock.move_forward(9 * 3600)
        shown = await console.press_keys("enter")
        assert reviews.entered == []
        assert "Enter name again: the sign-on or the shift has ended" in shown
        assert console.app.screen._reviewer.text == ""
        await console.press_keys("enter")
        assert reviews.entered == []
        await console.press_keys(*"Ben", "enter")
        await wait_for(lambda: {draft.who for draft in reviews.entered} == {"Ben"})


@pytest.mark.parametrize(
    ("opener", "size"), [("S", LARGE), ("S", SMALL), ("f1", SMALL), ("2", SMALL), ("slash", LARGE)]
)
async def test_a_note_that_is_not_stored_stays_in_sight_and_its_form_comes_back(
    opener: str, size: tuple[int, int]
) -> None:
    source = SlowSource()
    async with open_console(source=source, size=size) as console:
        await console.press_on_next_screen("n", *"drumXchanged")
        await console.press_keys("tab", *"Anna")
        await console.press_keys("enter")
        await console.press_keys(opener)
        source.away = "No database server listens."
        source.may_write.set()
        await wait_for(lambda: console.app.services.entries.failures, lambda: console.screen)
        if not isinstance(console.app.screen, DashboardScreen):
            await console.press_keys("escape")
        await wait_for(lambda: isinstance(console.app.screen, DashboardScreen))
        console.app._run_tick()
        assert "not done" in get_bar(console) or "▲ 1 !" in get_bar(console)
        shown = await console.press_on_next_screen("exclamation_mark")
        assert "The note is not stored: No database server listens." in shown
        await console.press_keys("escape")
        assert "!" not in get_bar(console)
        shown = await console.press_on_next_screen("n")
        assert "drumXchanged" in shown
        assert "Anna" not in shown
        source.away = ""
        await console.press_keys("tab", *"Zoe", "enter")
        await wait_for(lambda: [note.text for note in source.notes] == ["drumXchanged"])
        await console.wait_for_text("The note is stored.")
        assert "drumXchanged" not in await console.press_on_next_screen("n")


async def test_a_key_that_fails_ends_nothing_and_is_shown_until_it_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("not in list")

    async with open_console() as console:
        monkeypatch.setattr(console.app, "action_ask_note", fail)
        await console.press_keys("n")
        monkeypatch.setattr(console.app.controllers.scopes, "apply_range", fail)
        await console.press_on_next_screen("g", "1")
        await console.wait_for_text("2 not done !")
        assert isinstance(console.take_failure(), ValueError)
        shown = await console.press_on_next_screen("exclamation_mark")
        assert "The key n failed: ValueError('not in list')" in shown
        assert "not done" not in await console.press_keys("enter")


async def test_the_reason_of_a_failure_can_be_read_in_a_small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = (
        "connection to server at 10.20.30.40, port 5432 failed: no route to host after 20 s, role operator"
    )

    def fail(*_: object) -> None:
        raise OSError(reason)

    async with open_console(size=SMALL) as console:
        monkeypatch.setattr(console.app, "action_ask_note", fail)
        await console.press_keys("n")
        assert isinstance(console.take_failure(), OSError)
        foot = " ".join(line.strip() for line in console.screen.splitlines()[-3:])
        assert f"The key n failed: OSError('{reason}'). See the log." in foot
