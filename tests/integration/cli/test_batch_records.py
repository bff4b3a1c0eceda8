"""Batches listed, shown, exported and reviewed from the command line, on a real database."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from dosing_tui.cli import batch_review
from dosing_tui.cli.batch_records import RECORD_FORMATS, STATUSES
from dosing_tui.cli.batch_review import DECISIONS
from dosing_tui.cli.main import EXIT_ERROR
from dosing_tui.cli.reports import REPORT_FORMATS
from dosing_tui.database import operator_notes
from dosing_tui.database.alarms import journal
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.batches.canonical_json import hash_text, to_canonical_json
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.messages.models import Reading
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.export.documents.file_format import FileFormat
from tests.integration.cli.test_batches import Shop
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import (
    NOON,
    STATION,
    make_dose,
    make_event,
    make_level,
    normal_batch,
    seconds_after,
)

LATER = NOON + timedelta(hours=2)
FIRST, SECOND, THIRD = (f"{STATION}-20261123-00{number}" for number in (1, 2, 3))
FORMULA = "=cmd|' /C calc'!A0"


def make_entry(kind: AlarmEvent, seconds: float, **fields: object) -> JournalEntry:
    return JournalEntry(
        uuid=uuid4(),
        key=AlarmKey("DOSE_GROSS", STATION, "2"),
        event=kind,
        at=seconds_after(seconds),
        received_at=seconds_after(seconds),
        priority=Priority.HIGH,
        rule_version=1,
        message="T-12 is off by +3.20 g",
        **fields,  # type: ignore[arg-type]  # names of Entry's fields
    )


@pytest.fixture
def shop(migrated: str) -> Shop:
    """Three batches: a clean one of CU-85, one with exceptions of CU-65/75, one of hostile names."""
    clean = [make_level(-9, "T-9", 5000.0), *normal_batch(), make_level(61.1, "T-9", 4959.9)]
    wrong: list[Reading] = [
        make_event(400, "start", "CU-65/75"),
        make_dose(461, "T-12", recipe="CU-65/75", actual_g=43.2),
        make_dose(522, "DMDEE", recipe="CU-65/75", actual_g=39.9),
        make_event(525, "complete", "CU-65/75"),
    ]
    hostile: list[Reading] = [
        make_event(1000, "start", "<b>"),
        make_dose(1061, FORMULA, recipe="<b>", pump=1),
        make_event(1065, "complete", "<b>"),
    ]
    store_and_rebuild(migrated, *clean, *wrong, *hostile, now=LATER)
    settings = settings_for(migrated)
    operator_notes.add_note(
        settings, NoteDraft(seconds_after(470), "looked at pump 2", "Anna"), os_user="anna"
    )
    operator_notes.add_note(
        settings, NoteDraft(seconds_after(470), "of another station", "Anna", "elsewhere"), os_user="anna"
    )
    raised = make_entry(AlarmEvent.RAISE, 462)
    seen = make_entry(
        AlarmEvent.ACKNOWLEDGE, 480, occurrence=raised.uuid, who=Actor("Anna", "anna"), comment="on my way"
    )
    journal.append_entries(settings, [raised, seen, make_entry(AlarmEvent.RETURN, 500)])
    return Shop(migrated)


def list_batch_keys(shop: Shop, *arguments: str) -> list[str]:
    result = shop.run_command("batches", "list", "--format", "csv", *arguments)
    return [row["batch"] for row in csv.DictReader(io.StringIO(result.stdout, newline=""))]


def test_the_list_is_newest_first_and_narrowed_by_each_filter(shop: Shop) -> None:
    assert list_batch_keys(shop) == [THIRD, SECOND, FIRST]
    assert list_batch_keys(shop, "--recipe", "CU-85") == [FIRST]
    assert list_batch_keys(shop, "--exceptions") == [THIRD, SECOND]
    assert list_batch_keys(shop, "--clean") == [FIRST]
    assert "only one of" in shop.run_command("batches", "list", "--clean", "--exceptions").stderr
    assert list_batch_keys(shop, "--status", "complete", "--most", "1") == [THIRD]
    assert list_batch_keys(shop, "--from", "2026-11-23 13:05", "--to", "2026-11-23 13:10") == [SECOND]
    assert list_batch_keys(shop, "--shift", "2026-11-23 Early", "--device", STATION) == [THIRD, SECOND, FIRST]
    assert list_batch_keys(shop, "--shift", "2026-11-23 late") == []
    assert run_review(shop, "--approve", "--as", "Anna")[0] == 0
    assert list_batch_keys(shop, "--unreviewed") == [THIRD, SECOND]


def test_the_table_tells_range_and_filter_and_how_many_more_there_are(shop: Shop) -> None:
    result = shop.run_command("batches", "list", "--range", "2026-11-23", "--most", "2", "--unreviewed")
    assert result.exit_code == 0
    # the year is only said in another one
    assert result.stdout.splitlines()[0].removesuffix(" 2026") == "Batches, unreviewed · 23 Nov"
    assert "The newest 2 of 3; --most shows more." in result.stderr


def test_json_tells_the_range_and_the_whole_of_each_batch(shop: Shop) -> None:
    found = json.loads(shop.run_command("batches", "list", "--recipe", "CU-65/75", "--format", "json").stdout)
    assert found["selection"] == {"recipe": ["CU-65/75"]}
    (row,) = found["rows"]
    assert (row["batch_id"], row["findings"], row["review_state"]) == (SECOND, 1, "unreviewed")
    assert len(row["record_hash"]) == 64


def test_nothing_found_is_one_and_says_what_there_is_without_the_filter(shop: Shop) -> None:
    result = shop.run_command("batches", "list", "--recipe", "FG-85/95")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "No batches: all times. Without the filter there are 3.\n"


WRONG = [
    (("batches", "list", "--shift", "never"), "'never' is not a shift"),
    (("batches", "list", "--shift", "2026-11-23 Lunch"), "on that day: Early, Late, Night"),
    (("batches", "list", "--range", "tody"), "Did you mean 'today'"),
    (("batches", "list", "--to", "now"), "--to needs --from"),
    (("batches", "list", "--range", "24h", "--shift", "last"), "Give only one of"),
    (("batches", "export"), "keys of batches or a filter"),
    (("batches", "export", FIRST, "--recipe", "CU-85"), "either the keys of batches or a filter"),
    (("batches", "export", FIRST, "--format", "pdf"), "name a file or a folder"),
    (("batches", "export", "--recipe", "CU-85", "--recipe", "CU-65/75", "--format", "html"), "2 batches"),
    (("batches", "review", FIRST), "Give one of --approve"),
    (("batches", "review", FIRST, "--approve"), "Give the record you have read: --record, as 'dosing-tui"),
    (("batches", "review", FIRST, "--approve", "--record", "1234567"), "give at least 8 digits"),
    (("batches", "review", FIRST, "--reject", "--record", "all of it"), "give at least 8 digits"),
]


def test_wrong_input_is_two_and_one_sentence(shop: Shop) -> None:
    for arguments, sentence in WRONG:
        result = shop.run_command(*arguments)
        assert (result.exit_code, result.stdout) == (EXIT_ERROR, ""), arguments
        assert sentence in result.stderr


@pytest.mark.parametrize(
    "command",
    [("list",), ("show", "x"), ("export", "x"), ("review", "x", "--approve", "--record", "12345678")],
)
def test_a_database_that_is_away_is_three(command: tuple[str, ...]) -> None:
    result = Shop("host=127.0.0.1 port=1 dbname=plant").run_command("batches", *command)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "No database server listens" in result.stderr


def test_show_prints_all_that_a_reviewer_needs_in_80_columns(shop: Shop) -> None:
    run_review(shop, "--deviation", "--as", "Anna", "--reason", "topped up by hand", of=SECOND)
    result = shop.run_command("batches", "show", SECOND)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    words = " ".join(result.stdout.split())
    for word in (
        "Recipe CU-65/75", "Started 2026-11-23 13:06:40 +0100", "Shift Early",
        "! T-12 2 40.00 43.20 +3.20 +8.00 0.50 58.0 0.745 OUT", "DMDEE 1 40.00 39.90 -0.10 -0.25 0.50",
        "1. out of tolerance: T-12 is off by +3.20 g", "13:08:00 by Anna: on", "looked at pump 2",
        "4 of 4 from the station's clock", "APPROVED WITH DEVIATION", "Reason topped up by hand",
        "not an e-signature; covers this record", "Approved by ____",
    ):  # fmt: skip
        assert word in words
    assert "of another station" not in words


def test_stock_before_and_after_is_printed(shop: Shop) -> None:
    assert "T-9 5 000.00 40.10 4 959.90 49.5 +0.00" in " ".join(
        shop.run_command("batches", "show", FIRST).stdout.split()
    )


def test_a_batch_that_is_not_there_is_one(shop: Shop) -> None:
    result = shop.run_command("batches", "show", "\x1b[2J-007")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("There is no batch \ufffd[2J-007;")


def test_export_writes_a_file_of_a_safe_name_for_each_batch_and_replaces_none(
    shop: Shop, tmp_path: Path
) -> None:
    for form, suffix in (("text", "txt"), ("html", "html"), ("pdf", "pdf"), ("csv", "csv"), ("json", "json")):
        arguments = ("batches", "export", "--exceptions", "--format", form, "--output", str(tmp_path))
        assert shop.run_command(*arguments).exit_code == 0
        (second,) = tmp_path.glob(f"{SECOND}_CU-65-75_????????????.{suffix}")
        assert second.stat().st_size > 200
        again = shop.run_command(*arguments)
        assert (again.exit_code, "--force replaces it" in again.stderr) == (EXIT_ERROR, True)
        assert shop.run_command(*arguments, "--force").exit_code == 0
    assert len(list(tmp_path.iterdir())) == 10
    (third,) = tmp_path.glob(f"{THIRD}_b_*.html")
    assert "<b>" not in third.read_text()


def test_names_that_differ_in_letters_a_file_name_cannot_have_are_two_files(
    migrated: str, tmp_path: Path
) -> None:
    stations = ("硫酸-甲", "硫酸-乙", "x" * 63 + "y", "x" * 64)
    for station in stations:
        again = (m for begins in (0, 400) for m in normal_batch(begins, recipe="配方", device=station))
        store_and_rebuild(migrated, *again, now=LATER)
    shop = Shop(migrated)
    arguments = ("batches", "export", "--from", "2026-11-23", "--to", "2026-11-23", "--format", "json",
                 "--output", str(tmp_path), "--force")  # fmt: skip
    assert shop.run_command(*arguments).exit_code == 0
    written = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    assert len(written) == 2 * len(stations)
    assert all(path.name.isascii() and len(path.name) < 200 for path in tmp_path.iterdir())
    assert shop.run_command(*arguments).exit_code == 0
    assert len(list(tmp_path.iterdir())) == 2 * len(stations)


def test_csv_holds_the_doses_and_no_formula(shop: Shop) -> None:
    found = shop.run_command("batches", "export", "--from", "2026-11-23", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(found, newline="")))
    assert len(rows) == 5
    assert f"'{FORMULA}" in {row["chemical"] for row in rows}
    out = next(row for row in rows if row["actual (g)"] == "43.2")
    assert (out["batch"], out["ingredient within tolerance"], out["error (%)"]) == (SECOND, "false", "8")


def test_json_is_the_canonical_record_that_the_hash_is_of_and_verifies(shop: Shop) -> None:
    run_review(shop, "--approve", "--as", "Anna Łukasik")
    lines = shop.run_command("batches", "export", "--range", "2026-11-23", "--format", "json").stdout
    assert lines.isascii()
    found = [json.loads(line) for line in lines.splitlines()]
    assert [each["batch_id"] for each in found] == [THIRD, SECOND, FIRST]
    assert all(hash_text(to_canonical_json(each["record"])) == each["record_hash"] for each in found)
    (said,) = found[2]["reviews"]
    assert (said["who"], said["meaning"], said["record_hash"]) == (
        "Anna Łukasik", "approved", found[2]["record_hash"],
    )  # fmt: skip


def test_several_texts_are_pages_of_one(shop: Shop) -> None:
    assert shop.run_command("batches", "export", FIRST, SECOND).stdout.count("\f") == 1


def read_record_hash(shop: Shop, name: str = FIRST) -> str:
    """As show prints it under 'To sign it'."""
    printed = shop.run_command("batches", "show", name).stdout
    return next(line.split()[-1] for line in printed.splitlines() if "--record" in line)


def run_review(shop: Shop, *arguments: str, typed: str = "", of: str = FIRST) -> tuple[int, str]:
    """Of the record as it is; or of the one that ``arguments`` name."""
    seen = () if "--record" in arguments else ("--record", read_record_hash(shop, of))
    result = shop.run_command("batches", "review", of, *arguments, *seen, typed=typed)
    return result.exit_code, result.output


def test_the_second_reviewer_is_told_and_nothing_is_overwritten(shop: Shop) -> None:
    code, told = run_review(shop, "--reject", "--as", "Anna", "--reason", "wrong drum")
    assert (code, f"{FIRST}: rejected by Anna" in told, "entry 1" in told) == (0, True, True)
    code, told = run_review(shop, "--approve", "--as", "Berta")
    assert (code, "Anna reviewed this batch at" in told) == (1, True)
    assert run_review(shop, "--undo", "--as", "Berta", "--reason", "no")[0] == 1
    assert run_review(shop, "--comment", "--as", "Berta", "--reason", "which drum?")[0] == 0
    assert run_review(shop, "--approve", "--as", "Anna", "--after", "1")[0] == 1
    assert (
        run_review(shop, "--undo", "--as", "Anna", "--reason", "it was the right one", "--after", "2")[0] == 0
    )
    assert run_review(shop, "--approve", "--as", "Anna")[0] == 0
    printed = shop.run_command("batches", "show", FIRST).stdout
    assert [f"Entry {number} " in printed for number in range(1, 6)] == [True] * 4 + [False]


def test_a_record_that_is_not_the_one_that_was_seen_is_not_signed(shop: Shop) -> None:
    code, told = run_review(shop, "--approve", "--as", "Anna", "--record", "00000000")
    assert (code, "has changed since you saw it" in told) == (1, True)
    digits = json.loads(shop.run_command("batches", "export", FIRST, "--format", "json").stdout)[
        "record_hash"
    ][:16]
    assert run_review(shop, "--approve", "--as", "Anna", "--record", digits)[0] == 0


def test_who_approves_with_deviation_names_the_exceptions_as_they_were_read(shop: Shop) -> None:
    said = ("--deviation", "--as", "Anna", "--reason", "by hand")
    seen = read_record_hash(shop, SECOND)
    code, told = run_review(shop, *said, "--record", seen[:16], of=SECOND)
    assert (code, "covers the exceptions, too" in told) == (1, True)
    late = make_entry(AlarmEvent.RAISE, 463)
    journal.append_entries(settings_for(shop.dsn), [late])
    store_and_rebuild(shop.dsn, now=LATER)
    code, told = run_review(shop, *said, "--record", seen, of=SECOND)
    assert (code, "exceptions or alarms have changed since you saw it" in told) == (1, True)
    assert run_review(shop, *said, of=SECOND)[0] == 0


def test_on_a_terminal_the_record_is_shown_and_agreed_to(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_review, "is_interactive", lambda: True)
    said = ("batches", "review", SECOND, "--reject", "--as", "Anna", "--reason", "too dark")
    refused = shop.run_command(*said, typed="n\n")
    assert (refused.exit_code, "T-12 is off by +3.20 g" in refused.stdout) == (1, True)
    assert f"Is this the record of {SECOND} that is 'rejected' by Anna?" in refused.stderr
    assert "nothing was entered" in refused.stderr
    assert shop.run_command(*said, typed="y\n").exit_code == 0


def test_what_is_said_beside_the_record_needs_none(shop: Shop) -> None:
    said = ("batches", "review", FIRST, "--as", "Anna", "--reason", "hm")
    assert shop.run_command(*said, "--comment").exit_code == 0
    assert run_review(shop, "--approve", "--as", "Anna")[0] == 0
    assert shop.run_command(*said, "--undo").exit_code == 0


def test_a_reviewed_batch_that_became_part_of_another_is_told_of_by_both(shop: Shop) -> None:
    orphan, later = f"{STATION}-20261124-001", f"{STATION}-20261124-002"
    day = 86_400.0
    store_and_rebuild(
        shop.dsn, make_dose(day + 100, "T-9"), make_dose(day + 1200, "T-12"), now=seconds_after(day + 7200)
    )
    for name in (orphan, later):
        assert run_review(shop, "--reject", "--as", "Anna", "--reason", "no start", of=name)[0] == 0
    store_and_rebuild(shop.dsn, make_event(day + 30, "start"), now=seconds_after(day + 7200))
    listed = list_batch_keys(shop)
    (gone,) = {orphan, later} - set(listed)
    (whole,) = {orphan, later} & set(listed)
    assert "Its messages turned out to be of another batch" in print_record(shop, gone)
    assert f"is about {gone}, whose messages are of this batch now" in print_record(shop, whole)
    assert (
        f"{len(listed) + 1} batches: all as they were entered." in shop.run_command("audit", "verify").stdout
    )
    code, told = run_review(shop, "--reject", "--as", "Anna", "--reason", "again", "--after", "2", of=gone)
    assert (code, "This batch no longer exists" in told) == (1, True)


def print_record(shop: Shop, name: str) -> str:
    """Its record, in one line."""
    return " ".join(shop.run_command("batches", "show", name).stdout.replace("!", " ").split())


def test_the_policy_of_the_plant_is_set_with_a_reason_and_binds_every_console(shop: Shop) -> None:
    assert "no PIN; no second person." in shop.run_command("batches", "policy").stdout
    assert "needs a name and a reason" in shop.run_command("batches", "policy", "--pin").output
    done = shop.run_command("batches", "policy", "--pin", "--as", "Anna", "--reason", "customer's audit")
    assert (done.exit_code, done.stdout) == (
        0, "Reviews of this plant: a PIN with every review; no second person.\n",
    )  # fmt: skip
    shop.run_command("batches", "pin", "--as", "Anna", typed="\n1234\n1234\n")
    code, told = run_review(shop, "--approve", "--as", "Anna", typed="1234\n")
    assert (code, "PIN of Anna" in told, "signed with a PIN" in told) == (0, True, True)


def test_a_reason_is_asked_for_where_one_is_needed(shop: Shop) -> None:
    for said in ("--deviation", "--reject", "--needs-info", "--comment"):
        code, told = run_review(shop, said, "--as", "Anna")
        assert (code, "Say why" in told) == (1, True)


def test_a_pin_comes_from_a_private_file_or_is_asked_for(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.run_command("batches", "pin", "--as", "Anna", typed="\n1234\n1234\n")
    monkeypatch.setenv("DOSING_REVIEW_PIN", "true")
    file = tmp_path / "pin"
    file.write_text("1234\n")
    file.chmod(0o644)
    code, told = run_review(shop, "--approve", "--as", "Anna", "--pin-file", str(file))
    assert (code, "--pin-file" in told, "open to others" in told) == (EXIT_ERROR, True, True)
    file.chmod(0o600)
    code, told = run_review(shop, "--approve", "--as", "Anna", "--pin-file", str(file))
    assert (code, "signed with a PIN" in told) == (0, True)
    code, told = run_review(shop, "--undo", "--as", "Anna", "--reason", "oh", typed="9999\n")
    assert (code, "This is not the PIN of Anna; tries left: 4." in told) == (1, True)
    assert run_review(shop, "--undo", "--as", "Anna", "--reason", "oh", typed="1234\n")[0] == 0
    assert "not an e-signature" not in shop.run_command("batches", "show", FIRST).stdout


def test_the_second_person_confirms_without_more_ado(shop: Shop) -> None:
    assert run_review(shop, "--approve", "--as", "Anna")[0] == 0
    assert run_review(shop, "--confirm", "--as", "anna")[0] == 1
    assert run_review(shop, "--confirm", "--as", "Berta")[0] == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE batch_reviews SET comment = 'fine!'", f"Review 1 of {FIRST} differs from its entry"),
        (
            "UPDATE batch_records SET record = overlay(record placing '9' from 40 for 1)"
            f" FROM batches AS b WHERE b.batch_key = batch_records.batch_key AND b.batch_id = '{FIRST}'",
            f"The stored record of {FIRST} has been changed.",
        ),
    ],
)
def test_audit_verify_finds_one_changed_byte_of_a_review_and_of_a_record(
    shop: Shop, change: str, sentence: str
) -> None:
    run_review(shop, "--needs-info", "--as", "Anna", "--reason", "fine.")
    assert shop.run_command("audit", "verify").exit_code == 0
    with psycopg.connect(shop.dsn) as session:
        session.execute("SET session_replication_role = replica")
        assert session.execute(change.encode()).rowcount == 1
    found = shop.run_command("audit", "verify")
    assert (found.exit_code, sentence in found.stdout) == (1, True)


def test_the_options_words_are_the_programs_own() -> None:
    assert list(STATUSES) == [status.value for status in BatchStatus]
    assert sorted(DECISIONS.values()) == sorted(meaning.value for meaning in Decision)
    assert {*RECORD_FORMATS, *REPORT_FORMATS} <= {form.value for form in FileFormat}
