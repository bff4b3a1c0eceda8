"""Batches, recipes and the audit trail from the command line, on a real database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from dosing_tui.cli.main import EXIT_ERROR, main
from dosing_tui.database.alarms import journal
from dosing_tui.domain.alarms.models import AlarmEvent
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import describe_stored, write_readings
from tests.support.domain.alarm_entries import make_entry
from tests.support.domain.batch_messages import NOON, normal_batch

RECIPES = """\
[[recipe]]
name = "CU-85"
ordered = true

[[recipe.ingredient]]
chemical = "T-9"
pump = 3
target_g = 40.0
tolerance_g = 0.05
"""


class Shop:
    """The commands, on one database."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def run_command(self, *arguments: str, typed: str = "") -> Result:
        env = {"DOSING_DATABASE_DSN": self.dsn, "DOSING_PLANT_TIMEZONE": "Europe/Berlin"}
        return CliRunner().invoke(main, arguments, env=env, input=typed)


@pytest.fixture
def shop(migrated: str) -> Shop:
    return Shop(migrated)


def test_batches_are_rebuilt_over_a_range(shop: Shop) -> None:
    today = datetime.now(UTC).date()
    yesterday = today - timedelta(days=1)
    begins = (yesterday - NOON.date()).total_seconds()
    write_readings(shop.dsn, [*normal_batch(begins), *normal_batch(begins - 86_400)])
    result = shop.run_command("batches", "rebuild", "--from", str(yesterday), "--to", str(today))
    assert result.exit_code == 0
    assert "1 batch, 1 of them new or changed; 0 merged into others." in result.output
    assert describe_stored(shop.dsn) == ["complete CU-85 2"]
    refused = shop.run_command("batches", "rebuild", "--from", "yesterdaily")
    assert (refused.exit_code, "'yesterdaily' is not a date or time" in refused.stderr) == (2, True)
    refused = shop.run_command("batches", "rebuild", "--from", "2026-11-23", "--to", "2026-11-22")
    assert (refused.exit_code, "--from is not before --to." in refused.stderr) == (2, True)


def test_a_rebuild_under_another_sites_name_is_refused_with_a_sentence(shop: Shop) -> None:
    write_readings(shop.dsn, normal_batch())
    settings = settings_for(shop.dsn)
    journal.append_entries(
        replace(settings, plant=replace(settings.plant, site="works")), [make_entry(AlarmEvent.RAISE)]
    )
    result = shop.run_command("batches", "rebuild", "--from", "2026-11-23")
    assert result.exit_code == EXIT_ERROR
    assert "the alarms in the database are of works" in result.stderr
    assert describe_stored(shop.dsn) == []


def test_recipes_go_in_and_come_out(shop: Shop, tmp_path: Path) -> None:
    assert "No master recipes" in shop.run_command("recipes", "show").output
    file, copy = tmp_path / "recipes.toml", tmp_path / "copy.toml"
    file.write_text(RECIPES)
    arguments = ("recipes", "import", str(file), "--as", "Anna")
    assert (
        shop.run_command(*arguments, "--valid-from", f"{NOON:%Y-%m-%d}").output == "CU-85: version 1 is new\n"
    )
    assert shop.run_command(*arguments).output == "CU-85: version 1 exists already\n"
    assert shop.run_command("recipes", "export", str(copy)).exit_code == 0
    assert copy.read_text() == RECIPES
    shown = shop.run_command("recipes", "show").output.splitlines()
    assert shown == [
        "CU-85, version 1 from 2026-11-23 00:00 CET, in this order",
        "  T-9, pump 3, 40 g, ± 0.05 g",
    ]


def test_what_is_no_recipe_is_one_sentence(shop: Shop, tmp_path: Path) -> None:
    result = shop.run_command("recipes", "import", str(tmp_path / "none.toml"))
    assert (result.exit_code, result.output.count("\n")) == (EXIT_ERROR, 1)


def test_a_pin_is_set_and_changed_with_the_old_one(shop: Shop) -> None:
    assert shop.run_command("batches", "pin", "--as", "Anna", typed="\n1234\n1234\n").exit_code == 0
    refused = shop.run_command("batches", "pin", "--as", "Anna", typed="9999\n5678\n5678\n")
    assert refused.exit_code == EXIT_ERROR
    assert "This is not the PIN of Anna; tries left: 4." in refused.output
    assert shop.run_command("batches", "pin", "--as", "Anna", typed="1234\n5678\n5678\n").exit_code == 0


def test_the_audit_trail_is_verified_and_a_changed_byte_is_told(shop: Shop) -> None:
    shop.run_command("batches", "pin", "--as", "Anna", typed="\n1234\n1234\n")
    good = shop.run_command("audit", "verify")
    assert (good.exit_code, good.output.splitlines()[0]) == (
        0, "1 entry, 0 reviews, 0 batches: all as they were entered.",
    )  # fmt: skip
    with psycopg.connect(shop.dsn) as session:
        session.execute("SET session_replication_role = replica")
        session.execute("UPDATE audit_trail SET who = 'Anne'")
    bad = shop.run_command("audit", "verify")
    assert bad.exit_code == 1
    assert "Entry 1 of the audit trail (pin of Anna) has been changed." in bad.output
