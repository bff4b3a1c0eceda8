"""Each controller without an app: keys come in as calls, dialogs are answered, results are handed over."""

import gc
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from dosing_tui.config.settings import ConsoleSettings, Settings
from dosing_tui.domain.batch_review.query_models import BatchRow
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.materials.ledger import EntrySource, MassUnitName, MaterialDraft, MaterialKind
from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.live_state import LiveState
from dosing_tui.tui.controllers.bulk_approval import BulkApproval, BulkCandidatesLoaded, BulkChunkEntered
from dosing_tui.tui.controllers.dashboard_controller import DashboardController
from dosing_tui.tui.controllers.file_export import NOTHING_TO_EXPORT, FileExporter
from dosing_tui.tui.controllers.material_controller import (
    LevelJumpExpected,
    MaterialController,
    MaterialStored,
)
from dosing_tui.tui.controllers.review_controller import ReviewController, ReviewsEntered
from dosing_tui.tui.controllers.scope_controller import FilterValuesLoaded, NoteStored, ScopeController
from dosing_tui.tui.controllers.shift_report_controller import ShiftReportController, ShiftReportLoaded
from dosing_tui.tui.controllers.sign_on_controller import (
    PinVerified,
    SignOnController,
    SignOnPolicyLoaded,
    SignOnPolicyRead,
)
from dosing_tui.tui.data.batch_list_state import BatchListOptions, build_batch_filter
from dosing_tui.tui.data.query_results import PanelLoaded
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.dialogs.filter_dialog import FilterDialog
from dosing_tui.tui.dialogs.material_dialog import MaterialDialog
from dosing_tui.tui.dialogs.review_dialog import ReviewDialog, ReviewInput
from dosing_tui.tui.layout.layout import DashboardView, LayoutOptions, arrange_tiles
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.screens.shift_report_screen import ShiftReportPage, ShiftReportScreen
from tests.support.tui.batch_samples import sample_batches
from tests.support.tui.console_driver import make_settings
from tests.support.tui.fake_host import ControllerBench
from tests.support.tui.sample_plant import NoBatches
from tests.support.tui.sign_on import sign_on_now


def scope_controller(bench: ControllerBench) -> ScopeController:
    return ScopeController(bench.services, bench.host, lambda: bench.host.refresh_data())


def test_a_sign_on_ends_with_the_shift_and_says_so_once(bench: ControllerBench) -> None:
    """The sample plant's clock is at 14:26; the late shift ends at 22:00."""
    sign_on_now(bench.operator, "Anna")
    for _ in range(14):
        bench.clock.move_forward(1_800)
        bench.operator.note_input()
    assert bench.operator.name == "Anna"
    bench.clock.move_forward(2_100)
    bench.operator.note_input()
    assert bench.operator.name == ""
    assert bench.operator.take_notice() == "Anna was signed off: the shift has changed."
    assert bench.operator.take_notice() == ""


def test_a_sign_on_ends_after_a_time_without_a_key_and_the_next_key_does_not_revive_it() -> None:
    bench = ControllerBench(chosen=Settings(console=ConsoleSettings(sign_off_minutes=20)))
    sign_on_now(bench.operator, "Anna")
    bench.clock.move_forward(19 * 60)
    bench.operator.note_input()
    bench.clock.move_forward(19 * 60)
    assert bench.operator.name == "Anna"
    bench.clock.move_forward(60)
    bench.operator.note_input()
    assert bench.operator.name == ""
    assert bench.operator.take_notice() == "Anna was signed off: no key for 20 min."


def test_nobody_signed_on_is_the_console_in_the_journal_and_a_name_in_a_form_is_for_that_form() -> None:
    bench = ControllerBench(chosen=Settings(console=ConsoleSettings(name="panel-3")))
    assert bench.operator.build_command_context().who.name == "console panel-3, nobody signed on"
    assert bench.operator.build_command_context("Zoe").who.name == "Zoe"
    sign_on_now(bench.operator, "Anna")
    assert bench.operator.build_command_context().who.name == "Anna"
    bench.operator.sign_off()
    assert bench.operator.build_command_context().who.name == "console panel-3, nobody signed on"


def test_a_pin_is_asked_for_only_where_the_policy_requires_one(bench: ControllerBench) -> None:
    sign_on = SignOnController(bench.services, bench.host)
    sign_on.open_sign_on_dialog()
    sign_on.store_policy(bench.workers.take(SignOnPolicyRead))
    bench.host.answer("Anna")
    assert bench.host.messages == ["Anna is signed on. Identity not verified."]
    batches = bench.source.batches
    assert isinstance(batches, NoBatches)
    batches.policy = ReviewPolicy(pin=True)
    for pin in ("0000", "1234"):
        sign_on.open_sign_on_dialog()
        bench.workers.take(SignOnPolicyRead)  # is on its way still
        bench.host.answer("Ben")
        assert bench.operator.name == ""
        sign_on.apply_policy(bench.workers.take(SignOnPolicyLoaded))
        bench.host.answer(pin)
        sign_on.confirm_pin(bench.workers.take(PinVerified))
        signed_on = bench.operator.operator
        assert (signed_on is not None and signed_on.is_verified) is (pin == "1234")
        failures = [one.sentence for one in bench.entries.failures]
        wrong = ["Ben is not signed on: This is not the PIN of Ben; tries left: 4."]
        assert failures == ([] if pin == "1234" else wrong)
    sign_on.open_sign_on_dialog()
    sign_on.store_policy(bench.workers.take(SignOnPolicyRead))
    bench.host.answer("Zoe")
    bench.host.answer("")
    assert bench.operator.operator is not None
    assert (bench.operator.name, bench.operator.operator.is_verified) == ("Zoe", False)


def test_without_the_database_somebody_can_sign_on_and_is_not_verified(bench: ControllerBench) -> None:
    sign_on = SignOnController(bench.services, bench.host)
    sign_on.open_sign_on_dialog()
    bench.workers.take(SignOnPolicyRead)
    sign_on.store_policy(SignOnPolicyRead(None, "No database server listens."))
    bench.host.answer("Anna")
    assert bench.operator.operator is not None
    assert not bench.operator.operator.is_verified
    assert "Review policy unavailable: No database server listens." in bench.host.messages[-1]


def test_signing_off_when_the_sign_on_has_ended_meanwhile_names_nobody(bench: ControllerBench) -> None:
    sign_on = SignOnController(bench.services, bench.host)
    sign_on_now(bench.operator, "Anna")
    sign_on.open_sign_on_dialog()
    bench.operator.sign_off()
    bench.host.answer("")
    assert bench.host.messages == ["Nobody is signed on."]


def test_a_range_is_chosen_moved_and_left_again(bench: ControllerBench) -> None:
    scopes = scope_controller(bench)
    scopes.open_range_dialog()
    bench.host.answer(RangeSpec("now-1h", "now"))
    assert scopes.scope.spec == RangeSpec("now-1h", "now")
    scopes.move_range("back")
    assert scopes.scope.spec != RangeSpec("now-1h", "now")
    scopes.return_to_live()
    assert scopes.scope.spec is None
    assert bench.host.refreshes == 3


def test_filters_are_chosen_from_live_values_while_the_database_is_down(
    bench: ControllerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[object] = []
    monkeypatch.setattr(FilterDialog, "show_error", lambda self, error: offered.append(error))
    monkeypatch.setattr(FilterDialog, "show_values", lambda self, values: offered.append(values))
    bench.source.away = "No database server listens."
    scopes = scope_controller(bench)
    scopes.open_filter_dialog()
    scopes.show_filter_values(bench.workers.take(FilterValuesLoaded))
    error, values = offered
    assert error == "No database server listens."
    assert isinstance(values, dict)
    assert values[Dimension.DEVICE] == ["dosing_system_01"]
    bench.host.answer(Selection(device=("dosing_system_01",)))
    assert scopes.scope.selection.device == ("dosing_system_01",)


def test_filter_dialogs_opened_while_the_values_are_read_share_one_query(
    bench: ControllerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each had a query of its own: panels waited behind them all, and each kept its closed dialog."""
    offered: list[object] = []
    monkeypatch.setattr(FilterDialog, "show_values", lambda self, values: offered.append(self))
    scopes, closed = scope_controller(bench), []
    for _ in range(3):
        scopes.open_filter_dialog()
        dialog = bench.host.screen
        assert isinstance(dialog, FilterDialog)
        closed.append(weakref.ref(dialog))
        dialog.is_closed = True
        del dialog
        bench.host.answer(None)
    scopes.open_filter_dialog()
    gc.collect()
    assert [dialog() for dialog in closed] == [None] * 3
    scopes.show_filter_values(bench.workers.take(FilterValuesLoaded))
    assert offered == [bench.host.screen]
    scopes.open_filter_dialog()
    scopes.show_filter_values(bench.workers.take(FilterValuesLoaded))
    assert offered[-1] is bench.host.screen


def test_a_note_is_stored_with_the_name_that_was_entered(bench: ControllerBench) -> None:
    scopes = scope_controller(bench)
    scopes.open_note_dialog(None)
    bench.host.answer(NoteDraft(bench.clock(), "pump replaced", "Zoe"))
    scopes.confirm_note(bench.workers.take(NoteStored))
    assert [note.text for note in bench.source.notes] == ["pump replaced"]
    assert bench.operator.name == ""
    assert bench.host.messages == ["The note is stored."]


def test_files_are_written_to_the_configured_folder(tmp_path: Path) -> None:
    chosen = structs.replace(make_settings(), console=ConsoleSettings(export_dir=str(tmp_path)))
    exporter = FileExporter(ControllerBench(chosen=chosen).services)
    sentence = exporter.export_screen("<svg/>", ["one  ", "two"])
    assert sentence == f"Saved screen_2026-03-11_142644.svg and .txt in {tmp_path}"
    assert (tmp_path / "screen_2026-03-11_142644.txt").read_text() == "one\ntwo\n"
    assert exporter.export_rows(None) == NOTHING_TO_EXPORT


def test_an_entry_is_numbered_and_what_fills_a_tank_is_in_the_journal(bench: ControllerBench) -> None:
    controller = MaterialController(bench.services, bench.host)
    controller.open_material_dialog(None)
    tank = bench.services.get_snapshot().levels[0]
    draft = MaterialDraft(
        "console:1", EntrySource.CONSOLE, bench.services.clock(), tank.device_id, tank.chemical,
        MaterialKind.REFILL, 2.5, MassUnitName.KILOGRAM, "Zoe",
    )  # fmt: skip
    bench.host.answer(draft)
    controller.confirm_entry(bench.workers.take(MaterialStored))
    assert not bench.entries.settle(bench.workers.take(LevelJumpExpected))
    words = f"refill of 2.50 kg, {tank.chemical} ({tank.device_id})."
    assert bench.host.messages == [f"Entry 1: {words}"]
    assert [(entry.key.rule, entry.comment) for entry in bench.source.entries] == [("STOCK_RESET", words)]


def test_an_entry_without_the_database_is_refused_with_its_reason(bench: ControllerBench) -> None:
    bench.source.away = "No database server listens."
    controller = MaterialController(bench.services, bench.host)
    controller.open_material_dialog(None)
    tank = bench.services.get_snapshot().levels[0]
    bench.host.answer(MaterialDraft(
        "console:1", EntrySource.CONSOLE, bench.services.clock(), tank.device_id, tank.chemical,
        MaterialKind.COUNT, 2.5, MassUnitName.KILOGRAM, "Zoe",
    ))  # fmt: skip
    assert bench.entries.settle(bench.workers.take(MaterialStored))
    assert [one.sentence for one in bench.entries.failures] == ["Not entered: No database server listens."]
    assert bench.source.entries == []


def test_a_form_that_was_not_stored_opens_as_the_same_entry_until_it_is_given_up(
    bench: ControllerBench,
) -> None:
    """An entry that was stored, and whose answer was lost, is not made twice."""
    bench.source.away = "No database server listens."
    controller = MaterialController(bench.services, bench.host)
    forms: list[MaterialDialog] = []
    for values in ("12.5", None, None):
        controller.open_material_dialog(None)
        form = bench.host.screens[-1][0]
        assert isinstance(form, MaterialDialog)
        forms.append(form)
        if values is None:
            bench.host.answer(None)
            continue
        form._quantity.restore_text(values)
        form._operator.restore_text("Zoe")
        bench.host.answer(form.build_result())
        assert bench.entries.settle(bench.workers.take(MaterialStored))
    first, again, given_up = forms
    assert (again.entry_id, again._quantity.text) == (first.entry_id, "12.5")
    assert again._operator.text == ""
    assert (given_up.entry_id == first.entry_id, given_up._quantity.text) == (False, "")


def test_without_a_level_there_is_no_entry() -> None:
    bench = ControllerBench(live=LiveState())
    MaterialController(bench.services, bench.host).open_material_dialog(None)
    assert bench.host.messages == ["No tank level received yet."]


def review_controller(bench: ControllerBench) -> ReviewController:
    bulk_approval = BulkApproval(bench.services, bench.host, lambda: reviews.policy.pin)
    reviews = ReviewController(bench.services, bench.host, scope_controller(bench), bulk_approval)
    return reviews


def reviewable(bench: ControllerBench) -> BatchRow:
    bench.source.batches = sample_batches()
    row = next(d.row for d in sample_batches().details if d.row.status == "complete")
    return structs.replace(row, findings=0, finding_kinds=(), review_state="unreviewed")


def test_a_review_asks_for_the_name_and_reports_a_refusal(bench: ControllerBench) -> None:
    row, reviews = reviewable(bench), review_controller(bench)
    reviews.review_batch(Decision.APPROVED, row)
    assert isinstance(bench.host.screens[-1][0], ReviewDialog)
    bench.host.answer(ReviewInput("", "Anna", ""))
    assert bench.workers.lanes == [Lane.REVIEWS]
    result = bench.workers.take(ReviewsEntered)
    refused = structs.replace(
        result.value, outcome=ReviewResult(refusals=("Not saved: Ben reviewed this batch.",))
    )
    refusal = replace(result, value=refused)
    assert bench.entries.settle(refusal)
    reviews.refuse_review(refusal)
    assert [one.sentence for one in bench.entries.failures] == ["Not saved: Ben reviewed this batch."]
    assert bench.operator.name == ""


def test_with_a_name_an_approval_needs_no_dialog_and_no_second_one_starts_meanwhile(
    bench: ControllerBench,
) -> None:
    row, reviews = reviewable(bench), review_controller(bench)
    sign_on_now(bench.operator, "Anna")
    reviews.review_batch(Decision.APPROVED, row)
    reviews.review_batch(Decision.APPROVED, row)
    assert bench.host.messages == ["One moment: the last review is still being entered."]
    assert len(bench.workers.results) == 1


def test_a_bulk_approval_is_confirmed_once_and_written_in_chunks(bench: ControllerBench) -> None:
    row, reviews = reviewable(bench), review_controller(bench)
    rows = [structs.replace(row, batch_key=f"{number}") for number in range(60)]
    reviews.approve_all(build_batch_filter(BatchListOptions(), None, Selection()), "all times")
    reviews.bulk_approval.confirm_approval(replace(bench.workers.take(BulkCandidatesLoaded), value=rows))
    assert isinstance(bench.host.screens[-1][0], ReviewDialog)
    bench.host.answer(ReviewInput("", "Anna", ""))
    first = bench.workers.take(BulkChunkEntered)
    assert len(first.drafts) == 60
    assert not bench.entries.settle(first)
    reviews.bulk_approval.continue_approval(first)
    second = bench.workers.take(BulkChunkEntered)
    assert len(second.drafts) == 10
    failed = replace(second, value=None, error="No database server listens.")
    assert bench.entries.settle(failed)
    reviews.bulk_approval.end_approval(failed)
    assert "No database server listens." in bench.entries.failures[-1].sentence
    assert bench.host.refreshes == 1


def test_a_shift_report_is_shown_only_while_its_shift_is_selected(
    bench: ControllerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[ShiftReportPage] = []
    monkeypatch.setattr(ShiftReportScreen, "show_page", lambda self, page: pages.append(page))
    reports = ShiftReportController(bench.services, bench.host, FileExporter(bench.services))
    reports.open_report()
    result = bench.workers.take(ShiftReportLoaded)
    reports.show_report(replace(result, shift=result.shift._replace(name="another")))
    assert pages == []
    reports.show_report(replace(result, value=None, error="No database server listens."))
    reports.show_report(result)
    assert pages[0].message == "There is no report: No database server listens. r reads it again."
    assert pages[1].lines


def test_a_shift_report_that_is_being_read_is_named_and_cannot_be_signed(
    bench: ControllerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[ShiftReportPage] = []
    refusals: list[str] = []
    monkeypatch.setattr(ShiftReportScreen, "show_page", lambda self, page: pages.append(page))
    monkeypatch.setattr(ShiftReportScreen, "show_message", lambda self, text: refusals.append(text))
    reports = ShiftReportController(bench.services, bench.host, FileExporter(bench.services))
    reports.open_report()
    reports.show_report(bench.workers.take(ShiftReportLoaded))
    reports._select_shift(-1)
    assert pages[-1].message == "Reading the report: Early shift of Wed 11 Mar 06:00 …"
    reports._open_handover("handover")
    reports._save_report()
    assert len(bench.host.screens) == len(["report"])
    assert refusals == ["There is no report on the screen to sign or save. r reads it again."] * 2
    reports.show_report(bench.workers.take(ShiftReportLoaded))
    reports._open_handover("handover")
    assert len(bench.host.screens) == len(["report", "handover"])


def test_a_frozen_dashboard_requests_no_panel_that_has_rows(bench: ControllerBench) -> None:
    screen = DashboardScreen(bench.host.terminal_theme, bench.services.hints)
    dashboard = DashboardController(bench.services, screen, scope_controller(bench), "")
    screen._current_layout = arrange_tiles(120, 40, LayoutOptions(DashboardView.OVERVIEW), tank_count=4)
    dashboard.request_panels(bench.services.get_snapshot())
    for result in bench.workers.results:
        assert isinstance(result, PanelLoaded)
        assert dashboard.store_panel(result)
    bench.workers.results.clear()
    dashboard.toggle_freeze()
    bench.clock.move_forward(60)
    dashboard.request_panels(bench.services.get_snapshot())
    assert bench.workers.results == []
