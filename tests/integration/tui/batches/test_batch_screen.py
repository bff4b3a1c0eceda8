"""The batch review screen, by keys, over batches in a real database."""

from collections.abc import Sequence
from functools import partial

import pytest

from dosing_tui.config.settings import ReviewSettings, Settings
from dosing_tui.database.audit.pins import set_pin
from dosing_tui.database.batches.review_policy import set_policy
from dosing_tui.domain.batch_review.query_models import BatchDetail
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.domain.batch_review.review_rules import ReviewDraft
from dosing_tui.errors import DatabaseUnavailableError
from dosing_tui.live_state import LiveState
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.data.record_source import DatabaseBatchSource
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows
from tests.support.domain.batch_messages import make_dose, make_event, normal_batch
from tests.support.sizes import choose_size
from tests.support.tui.batch_console import (
    ReviewConsole,
    apply_live,
    every_kind,
    make_clean_batches,
    open_review_console,
    store_readings,
    under_way,
)
from tests.support.tui.console_driver import LARGE, MEDIUM, SMALL, wait_for
from tests.support.tui.sign_on import sign_on_now

REVIEWED = int(choose_size("REVIEWED_BATCHES", small=20, full=50))
"""More than a small window shows at once."""


def has_rows(plant: ReviewConsole) -> bool:
    """What was chosen for the list has been read."""
    return bool(plant.console.app.screen._store.list_state.rows)  # type: ignore[attr-defined]  # the batch page's


def read_reviews(dsn: str) -> list[tuple[str, str, str]]:
    return [
        (meaning, who, comment)
        for meaning, who, comment in fetch_rows(
            dsn, "SELECT meaning, who, comment FROM batch_reviews ORDER BY review_id"
        )
    ]


@pytest.mark.parametrize("size", [LARGE, MEDIUM, SMALL])
async def test_the_list_shows_the_state_of_each_batch_and_counts_them(
    migrated: str, size: tuple[int, int]
) -> None:
    store_readings(migrated, *every_kind())
    async with open_review_console(migrated, size=size) as plant:
        await plant.press_keys("b")
        shown = await plant.wait_for_text("CU-65/75")
        assert "■ aborted" in shown
        assert "▲ 2" in shown
        assert shown.count("□ to review") == 3
        await plant.wait_for_text("All 3")
        assert ("Done 2" if size == SMALL else "Complete 2") in plant.console.screen


async def test_clean_batches_are_reviewed_one_by_one_with_a_key_each_and_ten_more(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(REVIEWED))
    async with open_review_console(migrated, size=SMALL) as plant:
        await plant.press_keys("L")
        await plant.type_text("Anna")
        await plant.press_keys("enter")
        await plant.wait_for_text("Anna is signed on")
        await plant.press_keys("b")
        await plant.wait_for_text(f"All {REVIEWED}")
        await plant.press_keys("enter")
        for _ in range(REVIEWED):
            batch_id = await plant.wait_for_next_batch()
            await plant.press_keys("space")
            await plant.wait_for_text(f"{batch_id}: approved.")
        await plant.wait_for_text("No further batch to review below.")
        assert read_reviews(migrated) == [("approved", "Anna", "")] * REVIEWED
        assert plant.pressed <= REVIEWED + 10


async def test_a_key_that_is_held_down_approves_nothing_that_was_not_looked_at(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(3))
    async with open_review_console(migrated) as plant:
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("b")
        await plant.wait_for_text("All 3")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        await plant.console.press_keys("space")
        await plant.console.press_keys("space")
        assert read_reviews(migrated) == []


async def test_all_clean_batches_are_approved_after_one_confirmation_that_says_how_many(
    migrated: str,
) -> None:
    store_readings(migrated, *every_kind(), *make_clean_batches(4))
    async with open_review_console(migrated) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("CU-65/75")
        await plant.press_keys("A")
        shown = await plant.wait_for_text("batches without exceptions, complete and unreviewed.")
        words = " ".join(shown.replace("│", " ").split())
        assert "Each batch gets its own approval" in words
        assert "List: all times · all stations and recipes." in words
        # two more become clean while the dialog asks: they were not listed
        asked = {key for (key,) in fetch_rows(migrated, "SELECT batch_key FROM batches WHERE findings = 0")}
        assert f"Approve {len(asked)} batches?" in words
        assert f"{len(asked)} batches without exceptions" in words
        store_readings(migrated, *make_clean_batches(6))
        await plant.type_text("Anna")
        await plant.press_keys("enter")
        await plant.wait_for_text(f"Approved {len(asked)} batches.")
        clean = fetch_rows(migrated, "SELECT batch_key, review_state FROM batches WHERE findings = 0")
        assert {key for key, state in clean if state == "approved"} == asked
        assert len(clean) == len(asked) + 2
        await plant.press_keys("A")
        await plant.wait_for_text("2 batches without exceptions, complete and unreviewed.")
        await plant.press_keys("enter")
        await plant.wait_for_text("Enter your name.")  # the one typed before was for that approval alone
        await plant.type_text("Ben")
        await plant.press_keys("enter")
        # the first approval may have had as many batches, and its sentence stands until the next
        states = "SELECT DISTINCT findings > 0, review_state FROM batches ORDER BY 1"
        await wait_for(lambda: fetch_rows(migrated, states) == [(False, "approved"), (True, "unreviewed")])
        await plant.wait_for_text("Approved 2 batches.")


async def test_a_clean_batch_is_approved_with_at_most_four_keys_from_the_overview(migrated: str) -> None:
    store_readings(migrated, *every_kind()[:-3])
    async with open_review_console(migrated, size=SMALL) as plant:
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("b")
        await plant.wait_for_text("CU-65/75")  # the newest, with exceptions
        assert "C clean 1" in await plant.wait_for_text("All 2")
        await plant.press_keys("C")
        await wait_for(
            lambda: "CU-65/75" not in plant.console.screen and "CU-85" in plant.console.screen,
            lambda: plant.console.screen,
        )
        await plant.press_keys("enter")
        batch_id = await plant.wait_for_next_batch()
        await plant.press_keys("space")
        await plant.wait_for_text(f"{batch_id}: approved.")
        assert plant.pressed <= 4
        assert read_reviews(migrated) == [("approved", "Anna", "")]


async def test_what_has_exceptions_is_approved_with_a_reason_only_and_goes_on_to_the_next(
    migrated: str,
) -> None:
    store_readings(migrated, *every_kind())
    async with open_review_console(migrated) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 3")
        await plant.press_keys("N")
        await plant.wait_for_text("T-12 is off by -2.80 g")
        assert "approve it with deviation and say why" in await plant.press_keys("space")
        await plant.press_keys("d", "enter")
        asked = await plant.wait_for_text("A reason is required.")
        (about,) = [line for line in asked.splitlines() if "· CU-65/75 · 2 exceptions: " in line]
        assert "…" not in about
        await plant.type_text("used for foam")
        await plant.press_keys("enter")
        await plant.wait_for_text("Enter your name.")
        await plant.type_text("Anna")
        await plant.press_keys("enter")
        await plant.wait_for_text("No exceptions")
        assert read_reviews(migrated) == [("approved with deviation", "Anna", "used for foam")]


async def test_a_review_is_undone_by_a_new_entry(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(1))
    async with open_review_console(migrated) as plant:
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        await plant.press_keys("R")
        await plant.type_text("wrong drum")
        await plant.press_keys("enter")
        await plant.wait_for_text("rejected by Anna (")
        await plant.press_keys("u")
        await plant.type_text("slip")
        await plant.press_keys("enter")
        shown = await plant.wait_for_text("withdrawn by Anna")
        assert "rejected by Anna" in shown
        assert "not an e-signature" in shown
        assert [meaning for meaning, *_ in read_reviews(migrated)] == ["rejected", "withdrawn"]


async def test_one_key_approves_nothing_that_is_rejected(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(1))
    async with open_review_console(migrated, review=ReviewSettings(second_person=True)) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("R")
        await plant.type_text("wrong drum")
        await plant.press_keys("enter")
        await plant.wait_for_text("rejected by Anna (")
        sign_on_now(plant.console.app.services.operator, "Ben")
        await plant.press_keys("space")
        await plant.wait_for_text("It is rejected already. Undo that first, and say why.")
        assert read_reviews(migrated) == [("rejected", "Anna", "wrong drum")]


async def test_of_two_reviewers_at_once_the_second_learns_of_it_and_keeps_what_was_typed(
    migrated: str,
) -> None:
    store_readings(migrated, *make_clean_batches(1))
    async with open_review_console(migrated) as anna, open_review_console(migrated) as ben:
        for plant, name in ((anna, "Anna"), (ben, "Ben")):
            sign_on_now(plant.console.app.services.operator, name)
            await plant.press_keys("b")
            await plant.wait_for_text("All 1")
            await plant.press_keys("enter")
            await plant.wait_for_text("Ingredients")
        await ben.press_keys("R")
        await ben.type_text("too dark")
        await anna.press_keys("space")
        await anna.wait_for_text("approved")
        await ben.press_keys("enter")
        await ben.wait_for_text("Anna reviewed this batch at")
        assert read_reviews(migrated) == [("approved", "Anna", "")]
        await ben.press_keys("R")
        await ben.wait_for_text("too dark")


async def test_what_is_said_is_never_of_another_batch_than_the_one_in_sight(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(3))
    async with open_review_console(migrated) as anna, open_review_console(migrated) as ben:
        for plant, name in ((anna, "Anna"), (ben, "Ben")):
            sign_on_now(plant.console.app.services.operator, name)
            await plant.press_keys("b")
            await plant.wait_for_text("All 3")
            await plant.press_keys("o")
            await wait_for(partial(has_rows, plant))
            await plant.press_keys("enter")
            await plant.wait_for_text("Ingredients")
        held = anna.console.app.screen._store.detail.row  # type: ignore[attr-defined]  # the batch page's
        await ben.press_keys("space")
        await ben.wait_for_text(": approved.")
        page = anna.console.app.screen
        for _ in range(40):
            anna.console.clock.move_forward(1)
            anna.console.app._run_tick()
            await anna.console.pilot.pause(0.05)
            if page._store.list_state.rows and held not in page._store.list_state.rows:  # type: ignore[attr-defined]
                break
        await anna.press_keys("space")
        await wait_for(lambda: not anna.console.app.controllers.reviews.is_entering)
        assert [(who, meaning) for meaning, who, _ in read_reviews(migrated)] == [("Ben", "approved")]


async def test_a_batch_under_way_moves_with_each_dose_and_cannot_be_approved(migrated: str) -> None:
    live, late = LiveState(), make_dose(6 * 3600.0 - 10, "T-12", target_g=5.0, actual_g=5.1)
    store_readings(migrated, *under_way())
    async with open_review_console(migrated, live=live) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("running")
        await plant.press_keys("enter")
        shown = await plant.wait_for_text("1 of 2 doses")
        assert "T-12" not in shown
        apply_live(live, [late])
        await plant.wait_for_text("2 of 2 doses")
        await plant.press_keys("space")
        await plant.wait_for_text("only a comment can be entered")
        apply_live(live, [make_event(6 * 3600.0 - 5, "complete")])
        await plant.wait_for_text("● complete")


async def test_a_pin_is_asked_for_at_every_signing_where_there_are_pins(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(2))
    set_pin(settings_for(migrated), who="Anna", pin="4711")
    async with open_review_console(migrated, review=ReviewSettings(pin=True)) as plant:
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("b")
        await plant.wait_for_text("All 2")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        await plant.press_keys("space")
        shown = await plant.type_text("0815")
        assert "0815" not in shown
        await plant.press_keys("enter")
        await plant.wait_for_text("This is not the PIN of Anna; tries left: 4.")
        await plant.press_keys("space")
        await plant.type_text("4711")
        await plant.press_keys("enter")
        await plant.wait_for_text(": approved.")
        assert fetch_rows(migrated, "SELECT signature FROM batch_reviews") == [("signed with a PIN",)]


async def test_a_second_person_confirms_what_the_first_has_approved(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(1))
    async with open_review_console(migrated, review=ReviewSettings(second_person=True)) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        for name in ("Anna", "Ben"):
            sign_on_now(plant.console.app.services.operator, name)
            await plant.press_keys("space")
            await plant.wait_for_text(f"by {name}")
        assert [(meaning, who) for meaning, who, _ in read_reviews(migrated)] == [
            ("approved", "Anna"), ("confirmed", "Ben"),
        ]  # fmt: skip


async def test_a_shared_account_is_warned_of(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(1))
    async with open_review_console(migrated, account="operator") as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        await plant.press_keys("c")
        await plant.wait_for_text("Account 'operator' is shared")


async def test_text_of_the_plant_is_neither_markup_nor_control(migrated: str) -> None:
    evil = "[/] \x1b[2J"
    store_readings(migrated, *normal_batch(recipe=evil))
    async with open_review_console(migrated) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("[/]")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        await plant.press_keys("m")
        assert "\x1b" not in await plant.wait_for_text("Stored messages 4")


async def test_without_the_right_a_sentence_says_so_and_what_was_typed_stays(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(1))
    async with open_review_console(migrated) as plant:
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        execute_statements(migrated, "ALTER TABLE batch_reviews RENAME TO reviews_away")
        await plant.press_keys("c")
        await plant.type_text("hm")
        await plant.press_keys("enter")
        await plant.wait_for_text("Not saved: The database")
        execute_statements(migrated, "ALTER TABLE reviews_away RENAME TO batch_reviews")
        await plant.press_keys("c")
        await plant.wait_for_text("hm")


async def test_filters_narrow_the_list_and_the_console_s_filters_apply(migrated: str) -> None:
    store_readings(migrated, *every_kind())
    async with open_review_console(migrated) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 3")
        await plant.press_keys("w")
        await wait_for(lambda: "None" not in plant.console.screen)
        await plant.wait_for_text("aborted")
        await plant.press_keys("w", "right")
        await plant.wait_for_text("No batch matches.")
        await plant.press_keys("left", "[")
        await plant.wait_for_text("Range")


async def test_a_plant_without_batches_is_not_told_to_change_a_filter(migrated: str) -> None:
    async with open_review_console(migrated) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("No batch yet: none was started")
        await plant.press_keys("w")
        await plant.wait_for_text("No batch matches.")


async def test_alarms_and_views_are_reached_from_the_batches_and_back(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(1))
    async with open_review_console(migrated) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        await plant.press_keys("a")
        await plant.wait_for_text("No active or unacknowledged alarms")
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        await plant.press_keys("2")
        await plant.wait_for_text("Inventory")
        await wait_for(lambda: "to review" not in plant.console.screen)


async def test_a_site_may_have_other_keys_and_the_page_names_them(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(1))
    where = TerminalOptions(keymap={"batch-unreviewed": "y", "batches": "B"})
    async with open_review_console(migrated, where=where) as plant:
        await plant.press_keys("B")
        await plant.wait_for_text("y to review 1")


class Troubled(DatabaseBatchSource):
    """Loses its connection after, or in the middle of, what it is asked."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "anna")
        self.details_away, self.away_after = False, 10_000
        self._real_read, self._real_enter = self.read_batch, self.enter_reviews
        self.read_batch = partial(self._read_until_away)
        self.enter_reviews = partial(self._enter_until_away)

    def _read_until_away(self, name: str) -> BatchDetail | None:
        if self.details_away:
            raise DatabaseUnavailableError("No database server listens.")
        return self._real_read(name)

    def _enter_until_away(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        done = self._real_enter(drafts[: self.away_after])
        tried, left = tuple(drafts[self.away_after :][:1]), tuple(drafts[self.away_after :][1:])
        self.away_after = max(0, self.away_after - len(drafts))
        if not tried:
            return done
        return done + ReviewResult(
            unsaved_drafts=left, unknown_drafts=tried, error=DatabaseUnavailableError("The cable is out.")
        )


async def test_what_is_entered_is_said_to_be_though_the_batch_cannot_be_read_after_it(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(2))
    async with open_review_console(migrated) as plant:
        plant.source.batches = source = Troubled(settings_for(migrated))
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("b")
        await plant.wait_for_text("All 2")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        source.details_away = True
        await plant.press_keys("space")
        shown = await plant.wait_for_text(
            ": approved. Its present state could not be read: No database server listens."
        )
        assert "Nothing" not in shown
        assert read_reviews(migrated) == [("approved", "Anna", "")]


async def test_when_a_later_part_of_many_fails_a_sentence_says_what_is_entered_and_what_is_not_known(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dosing_tui.tui.controllers.bulk_approval.CHUNK_SIZE", 3)
    store_readings(migrated, *make_clean_batches(9))
    async with open_review_console(migrated) as plant:
        plant.source.batches = source = Troubled(settings_for(migrated))
        source.away_after = 4
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("b")
        await plant.wait_for_text("All 9")
        await plant.press_keys("A")
        await plant.wait_for_text("batches without exceptions, complete and unreviewed")
        await plant.press_keys("enter")
        await plant.wait_for_text(
            "Approved 4 batches. Result unknown for 1 batch: check before trying again. 4 were not. The cable"
        )
        assert len(read_reviews(migrated)) == 4


async def test_the_plant_s_policy_asks_for_pin_and_second_person_whatever_the_console_is_set_to(
    migrated: str,
) -> None:
    store_readings(migrated, *make_clean_batches(1))
    settings = settings_for(migrated)
    for name in ("Anna", "Ben"):
        set_pin(settings, who=name, pin="4711")
    set_policy(settings, ReviewPolicy(pin=True, second_person=True), who="Boss", reason="customer's audit")
    async with open_review_console(migrated) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        await plant.press_keys("enter")
        await plant.wait_for_text("signed with a PIN")
        await plant.wait_for_text("No exceptions")
        for name in ("Anna", "Ben"):
            sign_on_now(plant.console.app.services.operator, name)
            await plant.press_keys("space")
            await plant.wait_for_text("Your PIN signs the record")
            await plant.type_text("4711")
            await plant.press_keys("enter")
            await plant.wait_for_text(f"by {name}")
        assert [(meaning, who) for meaning, who, _ in read_reviews(migrated)] == [
            ("approved", "Anna"), ("confirmed", "Ben"),
        ]  # fmt: skip
        await plant.press_keys("u")
        await plant.wait_for_text("the confirmation by Ben")
        await plant.type_text("slip")
        await plant.press_keys("tab", "tab")
        await plant.type_text("4711")
        await plant.press_keys("enter")
        await plant.wait_for_text("withdrawn; it is approved now")
        await plant.wait_for_text("withdrawn by Ben (anna) (withdraws 'confirmed' by Ben)")


async def test_what_came_after_a_review_is_shown_on_the_batch(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(1))
    async with open_review_console(migrated) as plant:
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        await plant.press_keys("space")
        await plant.wait_for_text("approved by Anna")
        store_readings(migrated, make_dose(90, "L25B"))
        await plant.press_keys("escape", "enter")
        await plant.wait_for_text("Changed since the review")
        await plant.wait_for_text("A message came: dose of L25B, 40.10 g, at ")
