"""The handover is one page of 80 columns, whatever has happened in the shift."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.text_sanitizer import count_cells
from dosing_tui.domain.panels.panel_catalog import ProductionDay
from dosing_tui.domain.shift_handover import HandoverSignature, ShiftHandover
from dosing_tui.export.documents.handover_page import PAGE_ROWS, build_handover_page
from dosing_tui.export.documents.text_renderer import to_text
from tests.support.domain.shift_report_samples import EARLY, make_report
from tests.support.tui.sample_plant import HOSTILE

ZONE = ZoneInfo("Europe/Berlin")


def print_page(report: object = None) -> str:
    return to_text(build_handover_page(report or make_report(), Settings(), ZONE))  # type: ignore[arg-type]


def test_it_says_what_the_next_shift_has_to_know() -> None:
    words = " ".join(print_page().split())
    for word in (
        "SHIFT HANDOVER Early Wed 2026-03-11 07:00–15:00", "11 completed, 1 aborted, 0 running",
        "83.3 % (10 of 12 batches)",
        "! To review 2 of this shift, 31 of earlier ones",
        "! Exceptions 2 batches: station-20260311-004 CU-85: not complete; and 1 more",
        "! Out of tolerance 4.3 % of the doses",
        "! Low stock 1 of 1 tank: T-12 at dosing_system_01 16.3 %",
        "lasts 2 d 7 h at this shift's rate",
        "Alarms raised 3 medium, 1 low",
        "! Active alarms 1 unacknowledged of 1",
        "STOCK_LOW/dosing_system_01/T-12",
        "1 shelved: DOSE_GROSS/dosing_system_01/2 shelved until 11 Mar 17:00",
        "(sensor is changed, M. Berg)", "08:00 M. Berg: T-9 drum changed",
        "! Data integrity 1 dose without a mass",
        "! Handed over by not signed yet", "! Taken over by not signed yet",
    ):  # fmt: skip
        assert word in words


def test_low_tanks_whose_names_differ_at_their_end_are_told_apart() -> None:
    report = make_report()
    [tank] = report.stock
    chemicals = [f"Natriumhypochlorit technisch {percent} %" for percent in (12, 15)]
    stock = tuple(replace(tank, chemical=chemical) for chemical in chemicals)
    words = " ".join(print_page(replace(report, stock=stock)).split())
    assert "… 12 % at dosing_system_01 16.3 %" in words.replace("…12", "… 12")
    assert "… 15 % at dosing_system_01 16.3 %" in words.replace("…15", "… 15")


def test_the_page_of_a_shift_that_is_over_says_when_its_alarms_were_read() -> None:
    report = make_report()
    assert "! Active alarms 1 unacknowledged of 1 on 11 Mar at 15:04:" in " ".join(print_page(report).split())
    quiet = replace(report, standing=())
    assert "Active alarms none on 11 Mar at 15:04" in " ".join(print_page(quiet).split())
    running = replace(report, made_at=EARLY.until - timedelta(hours=1))
    assert "! Active alarms 1 unacknowledged of 1:" in " ".join(print_page(running).split())


def test_the_page_of_a_shift_in_progress_says_of_when_its_figures_are() -> None:
    """It stays on the screen as it was read; its foot is out of sight there."""
    running = replace(make_report(), made_at=EARLY.until - timedelta(hours=1, minutes=2))
    assert "15:00 in progress at 13:58" in print_page(running).splitlines()[1]
    assert "in progress" not in print_page()


def test_an_alarm_that_returned_says_so_and_one_without_a_message_has_its_title() -> None:
    report = make_report()
    [alarm] = report.standing
    returned = replace(alarm, active=False, latched=False, acked=False, message="")
    words = " ".join(print_page(replace(report, standing=(returned,))).split())
    assert "STOCK_LOW/dosing_system_01/T-12: returned to normal: Low inventory since" in words


def test_a_tank_whose_level_is_not_known_is_not_said_to_be_full() -> None:
    """Retention drops the levels of a shift, and its report can be printed again."""
    report = make_report()
    [low] = report.stock
    unknown = replace(low, start_g=None, start_percent=None, end_g=None, end_percent=None, taken_g=None)
    words = " ".join(print_page(replace(report, stock=(unknown, unknown))).split())
    assert "! Low stock none of 2 tanks, 2 not known" in words
    words = " ".join(print_page(replace(report, stock=(low, unknown))).split())
    assert "! Low stock 1 of 2 tanks, 1 not known: T-12 at dosing_system_01 16.3 %" in words


def test_both_names_are_on_it_and_a_shift_before_that_nobody_took_over() -> None:
    at = EARLY.until + timedelta(minutes=2)
    signed = ShiftHandover(
        HandoverSignature("M. Berg", at, "pump 2 noisy", "dosing"),
        HandoverSignature("A. Roth", at, "confirmed", "dosing"),
    )
    night = EARLY._replace(name="Night", since=EARLY.since - timedelta(hours=8), until=EARLY.since)
    words = " ".join(print_page(replace(make_report(), handover=signed, previous_shift=night)).split())
    assert "Handed over by M. Berg (role dosing), 11 Mar 15:02:00: pump 2 noisy" in words
    assert "Taken over by A. Roth (role dosing), 11 Mar 15:02:00: confirmed" in words
    assert "! Shift before Night: not taken over yet" in words


def test_batches_that_are_not_up_to_date_are_said_to_be_so() -> None:
    words = " ".join(print_page(replace(make_report(), stations_in_rebuild=9)).split())
    assert "! Being rebuilt the batches of 9 stations: all counts of batches will change" in words
    assert "Being rebuilt" not in print_page()


def test_without_a_batch_nothing_is_right_or_wrong() -> None:
    quiet = replace(
        make_report(), batches=(), unreviewed=0, earlier_unreviewed=0, open_batches=(), standing=(),
        hidden=(),
        production=ProductionDay(0, 0, 0, None, None, None, 0), stock=(), notes=(), unweighed=(),
    )  # fmt: skip
    page = print_page(quiet)
    assert "Right first time  - (no batch ended)" in page
    assert "!" not in page.partition("HANDOVER\n--------")[0]


def test_a_long_alarm_text_ends_with_a_whole_word_and_its_time() -> None:
    report = make_report()
    [alarm] = report.standing
    text = "Low inventory: T-12 at 16.3 % · a batch of CU-65/75 takes 11.62 g (median of 20 batches)"
    words = " ".join(print_page(replace(report, standing=(replace(alarm, message=text),))).split())
    [shown] = re.findall(r"STOCK_LOW/dosing_system_01/T-12: (.*?) since \d\d Mar \d\d:\d\d", words)
    assert shown == "Low inventory: T-12 at 16.3 % · a batch of …"


@pytest.mark.parametrize("name", [HOSTILE, "龍" * 40, "x" * 300])
def test_the_worst_shift_still_fits_on_one_page(name: str) -> None:
    report = make_report(recipe=name)
    bad = replace(
        report,
        open_batches=tuple(
            replace(one, batch_id=name, recipe=name, findings=9, finding_kinds=(name,) * 9)
            for one in report.open_batches * 10
        ),
        stock=tuple(replace(one, device_id=name, chemical=name) for one in report.stock * 40),
        standing=tuple(
            replace(one, key=one.key._replace(device=name, item=name), message=name)
            for one in report.standing * 50
        ),
        hidden=tuple(replace(one, key=one.key._replace(device=name)) for one in report.hidden * 50),
        notes=tuple(replace(one, text=name * 2, author=name) for one in report.notes * 50),
        anchor="a" * 150,
        handover=ShiftHandover(*[HandoverSignature(name, EARLY.until, name * 3, name)] * 2),
        previous_shift=EARLY._replace(name=name),
    )
    lines = print_page(bad).splitlines()
    assert len(lines) <= PAGE_ROWS
    assert max(map(count_cells, lines)) <= 80
