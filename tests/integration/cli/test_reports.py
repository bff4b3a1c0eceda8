"""``dosing-tui report shift`` on a real database."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from dosing_tui.cli.main import EXIT_ERROR
from tests.integration.cli.test_batches import Shop
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import NOON, make_level, normal_batch

EARLY = ("report", "shift", "--at", "2026-11-23 Early")


@pytest.fixture
def shop(migrated: str) -> Shop:
    store_and_rebuild(
        migrated,
        make_level(-9, "T-9", 5000.0),
        *normal_batch(),
        *normal_batch(400, "CU-65/75"),
        now=NOON + timedelta(hours=2),
    )
    return Shop(migrated)


def test_the_report_of_a_named_shift_is_text_of_80_columns(shop: Shop) -> None:
    result = shop.run_command(*EARLY)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    words = " ".join(result.stdout.split())
    for word in (
        "SHIFT REPORT 2026-11-23 Early", "From 2026-11-23 06:00:00 +0100",
        "Completed 2 batches: CU-65/75 1, CU-85 1",
        "Right first time 100.0 % (2 of 2 batches complete and without exceptions)", "Doses 4, 90.40 g",
        "T-9 80.20", "! To review 2 batches", "Taken over by",
    ):  # fmt: skip
        assert word in words


def test_json_holds_every_number(shop: Shop) -> None:
    found = json.loads(shop.run_command(*EARLY, "--format", "json").stdout)
    assert found["shift"] == {
        "name": "Early", "since": "2026-11-23T06:00:00+01:00", "until": "2026-11-23T14:00:00+01:00",
    }  # fmt: skip
    assert (found["ended"], found["clean"], found["right_first_time_percent"]) == (2, 2, 100.0)
    assert found["production"]["dosed_g"] == pytest.approx(90.4)
    assert ["high", 0] in found["raised"]


def test_a_folder_gets_a_file_named_after_the_shift_and_keeps_what_it_has(shop: Shop, tmp_path: Path) -> None:
    for form, suffix in (("html", "html"), ("pdf", "pdf"), ("text", "txt"), ("json", "json")):
        assert shop.run_command(*EARLY, "--format", form, "--output", str(tmp_path)).exit_code == 0
        assert (tmp_path / f"shift_2026-11-23_0600_Early.{suffix}").stat().st_size > 1_000
    again = shop.run_command(*EARLY, "--output", str(tmp_path))
    assert (again.exit_code, "--force replaces it" in again.stderr) == (EXIT_ERROR, True)


def test_the_last_shift_and_this_one_need_no_name(shop: Shop) -> None:
    for which in ((), ("--last",), ("--this",)):
        result = shop.run_command("report", "shift", *which)
        assert (result.exit_code, "Completed" in result.stdout) == (0, True)
        assert ("in progress" in result.stdout) is (which == ("--this",))


WRONG = [
    (("--at", "2026-11-23 Lunch"), "on that day: Early, Late, Night"),
    (("--at", "2099-12-31 Early"), "has not started yet"),
    (("--at", "yesterday"), "write this, last, or a day and a name"),
    (("--at", "2026-11-23 Early", "--last"), "--at names a shift"),
    (("--format", "pdf"), "name a file or a folder"),
]


def test_wrong_input_is_two_and_one_sentence(shop: Shop) -> None:
    for arguments, sentence in WRONG:
        result = shop.run_command("report", "shift", *arguments)
        assert (result.exit_code, result.stdout) == (EXIT_ERROR, ""), arguments
        assert sentence in " ".join(result.stderr.split())


def test_a_database_that_is_away_is_three() -> None:
    assert Shop("host=127.0.0.1 port=1 dbname=plant").run_command(*EARLY).exit_code == 3
