"""``dosing-tui report shift`` on a real database."""

import json
import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from dosing_tui.cli.main import EXIT_ERROR
from dosing_tui.config.settings import PlantSettings
from dosing_tui.database.operator_notes import add_note
from dosing_tui.domain.shift_handover import HandoverStep, draft_handover
from dosing_tui.domain.time.shift_names import parse_shift
from tests.integration.cli.test_batches import Shop
from tests.support.database.forged_chains import add_recipe_versions, rewrite_trail
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import NOON, make_level, normal_batch
from tests.support.notifiers.mail_server import run_mail_server

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
    result = shop.run_command(*EARLY, "--details")
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


def test_the_page_has_the_names_of_those_who_signed_and_is_what_the_screen_shows(shop: Shop) -> None:
    settings = replace(settings_for(shop.dsn), plant=PlantSettings(timezone="Europe/Berlin"))
    zone = ZoneInfo("Europe/Berlin")
    shift = parse_shift("2026-11-23 Early", NOON, zone, settings.calendar)
    for step, name, text in ((HandoverStep.LEAVE, "Anna", "pump 2 noisy"), (HandoverStep.TAKE, "Ben", "")):
        draft = draft_handover(step, shift, zone, name=name, text=text, at=shift.until)
        add_note(settings, draft, os_user="ops")
    words = " ".join(shop.run_command(*EARLY).stdout.split())
    assert "SHIFT HANDOVER Early Mon 2026-11-23 06:00–14:00" in words
    assert re.search(r"Handed over by Anna \(role \w+\), .* pump 2 noisy Taken over by Ben ", words)
    assert "2 completed, 0 aborted, 0 running" in words
    assert "! Shift before Night: not taken over yet" in words
    assert "Ben" in shop.run_command(*EARLY, "--format", "json").stdout
    assert "SIGNATURES" not in shop.run_command(*EARLY, "--details").stdout
    late = " ".join(shop.run_command("report", "shift", "--at", "2026-11-23 Late").stdout.split())
    assert "Shift before Early: taken over by Ben (role" in late


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
        assert (tmp_path / f"shift_2026-11-23_0600_Early.{suffix}").stat().st_size > 900
    again = shop.run_command(*EARLY, "--output", str(tmp_path))
    assert (again.exit_code, "--force replaces it" in again.stderr) == (EXIT_ERROR, True)


def test_the_last_shift_and_this_one_need_no_name(shop: Shop) -> None:
    for which in ((), ("--last",), ("--this",)):
        result = shop.run_command("report", "shift", *which)
        assert (result.exit_code, "Batches started" in result.stdout) == (0, True)
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


def test_a_mailed_report_anchors_the_audit_trail(shop: Shop, tmp_path: Path) -> None:
    settings = settings_for(shop.dsn)
    add_recipe_versions(settings, 0.5)
    with run_mail_server() as mailbox:
        config = tmp_path / "config.toml"
        config.write_text(
            f'[[notifications]]\nname = "office"\nkind = "mail"\nhost = "localhost"\nport = {mailbox.port}\n'
            'security = "plain"\nsender = "dosing@plant.example"\nto = ["quality@plant.example"]\n'
        )
        result = shop.run_command("--config", str(config), *EARLY, "--mail", "office")
        assert (result.exit_code, result.stderr) == (0, "Sent to quality@plant.example.\n")
        unknown = shop.run_command("--config", str(config), *EARLY, "--mail", "shift")
        assert (unknown.exit_code, "no mail channel of this name" in unknown.stderr) == (EXIT_ERROR, True)
    (envelope,) = mailbox.envelopes
    assert isinstance(envelope.content, bytes)
    mail = tmp_path / "report.eml"
    mail.write_bytes(envelope.content)
    assert "SHIFT HANDOVER" in mailbox.mails[0].get_content()
    assert shop.run_command("audit", "verify", "--anchors", str(mail)).exit_code == 0
    rewrite_trail(settings, who="Ben")
    found = shop.run_command("audit", "verify", "--anchors", str(mail))
    assert (found.exit_code, "The audit trail was rewritten: entry 1" in found.stdout) == (1, True)


def test_anchors_are_found_in_every_printed_form(shop: Shop, tmp_path: Path) -> None:
    add_recipe_versions(settings_for(shop.dsn), 0.5)
    for form in ("text", "html", "json"):
        printed = tmp_path / form
        assert shop.run_command(*EARLY, "--format", form, "--output", str(printed)).exit_code == 0
        assert shop.run_command("audit", "verify", "--anchors", str(printed)).exit_code == 0, form


def test_an_anchor_is_printed_for_any_other_way_to_keep_it(shop: Shop, tmp_path: Path) -> None:
    empty = shop.run_command("audit", "anchor")
    assert (empty.exit_code, empty.stderr) == (1, "The audit trail has no entries.\n")
    add_recipe_versions(settings_for(shop.dsn), 0.5)
    kept = tmp_path / "kept"
    kept.write_text(shop.run_command("audit", "anchor").stdout)
    assert shop.run_command("audit", "verify", "--anchors", str(kept)).exit_code == 0
    nothing = shop.run_command("audit", "verify", "--anchors", str(Path(__file__).parent / "__init__.py"))
    assert nothing.exit_code == EXIT_ERROR
    assert "There is no anchor of an audit trail in" in nothing.stderr
