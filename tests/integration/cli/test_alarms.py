"""``dosing-tui alarms``: what scripts see and do."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.cli import alarm_actions
from dosing_tui.cli.context import EXIT_UNAVAILABLE
from dosing_tui.cli.main import EXIT_ERROR, main
from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.config.settings import CollectorSettings, Settings
from dosing_tui.database.alarms import journal
from dosing_tui.domain.alarms.catalog import CATALOG_VERSION, RULES
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.domain.alarms.operator_commands import CommandContext, acknowledge_alarm
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.database.stored_journal import read_journal
from tests.support.domain.alarm_entries import NOW, latching_return, make_entry
from tests.support.domain.batch_messages import NOON, make_dose
from tests.support.domain.batch_messages import STATION as DEVICE
from tests.unit.cli.test_main import UNREACHABLE

TAG = "STOCK_LOW/dosing_system_01/T-12"
GROSS = AlarmKey("DOSE_GROSS", "dosing_system_01", "=cmd()")


@pytest.fixture
def plant(migrated: str) -> Settings:
    """A plant with a low tank and a gross dose that is over."""
    settings = settings_for(migrated)
    high: dict[str, Any] = {"key": GROSS, "priority": Priority.HIGH, "message": "=cmd()"}
    told = [
        make_entry(AlarmEvent.RAISE),
        make_entry(AlarmEvent.RAISE, **high),
        structs.replace(latching_return(), **high),
    ]
    journal.append_entries(settings, [structs.replace(one, uuid=uuid4(), at=NOW) for one in told])
    return settings


def run_alarms(settings: Settings, tmp_path: Path, *arguments: str) -> Result:
    config = tmp_path / "dosing-tui.toml"
    config.write_text(f"[database]\ndsn = {json.dumps(settings.database.dsn)}\n")
    return CliRunner().invoke(main, ["--config", str(config), "alarms", *arguments])


def list_alarms(settings: Settings, tmp_path: Path) -> dict[str, str]:
    rows = json.loads(run_alarms(settings, tmp_path, "list", "--format", "json").stdout)["rows"]
    return {row["tag"]: row["state"] for row in rows}


def test_alarms_are_listed_the_most_urgent_first(plant: Settings, tmp_path: Path) -> None:
    result = run_alarms(plant, tmp_path, "list")
    caption, header, _, first, second = result.stdout.splitlines()
    assert caption == "Alarms · now"
    assert header.split()[:4] == ["station", "tag", "state", "priority"]
    assert "latched unacknowledged  high" in first
    assert TAG in second
    assert "Low inventory: T-12 at 19.9 %" in second
    assert result.exit_code == 0


def test_csv_holds_no_formulas(plant: Settings, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run_alarms(plant, tmp_path, "list", "--format", "csv").stdout)))
    assert [row["message"] for row in rows] == ["'=cmd()", "Low inventory: T-12 at 19.9 %"]


def test_an_alarm_is_acknowledged_by_its_tag(plant: Settings, tmp_path: Path) -> None:
    result = run_alarms(plant, tmp_path, "ack", TAG.lower(), "--comment", "on my way", "--name", "Anna")
    assert (result.exit_code, result.stdout) == (0, f"acknowledged: {TAG}\n")
    assert list_alarms(plant, tmp_path)[TAG] == "acknowledged"
    (row,) = json.loads(
        run_alarms(
            plant, tmp_path, "journal", "--user", "anna", "--since", "9999d", "--format", "json"
        ).stdout
    )["rows"]
    assert (row["event"], row["user"], row["comment"]) == ("acknowledge", "Anna", "on my way")
    assert row["os_user"]
    assert row["role"]


def test_a_tag_that_two_alarms_have_is_refused_until_one_of_them_is_left(
    plant: Settings, tmp_path: Path
) -> None:
    keys = AlarmKey("STOCK_LOW", "line", "a/b"), AlarmKey("STOCK_LOW", "line/a", "b")
    tag = keys[0].tag
    assert tag == keys[1].tag
    raised = [make_entry(AlarmEvent.RAISE, key=key) for key in keys]
    journal.append_entries(plant, [structs.replace(one, uuid=uuid4(), at=NOW) for one in raised])
    result = run_alarms(plant, tmp_path, "ack", tag)
    assert (result.exit_code, result.stdout) == (EXIT_ERROR, "")
    assert f"{tag} is the tag of an alarm of line and of line/a: choose one on the console." in result.stderr
    over = [make_entry(event, key=keys[0]) for event in (AlarmEvent.ACKNOWLEDGE, AlarmEvent.RETURN)]
    journal.append_entries(plant, [structs.replace(one, uuid=uuid4(), at=NOW) for one in over])
    assert run_alarms(plant, tmp_path, "ack", tag).exit_code == 0
    assert read_states(plant)[keys[1]] == "acknowledged"


def read_states(settings: Settings) -> dict[AlarmKey, str]:
    return {key: state.state_name.value for key, state in journal.read_alarm_states(settings).items()}


def test_all_are_acknowledged_and_latched_ones_reset(plant: Settings, tmp_path: Path) -> None:
    assert run_alarms(plant, tmp_path, "ack", "--all", "--yes").exit_code == 0
    assert set(list_alarms(plant, tmp_path).values()) == {"acknowledged", "latched acknowledged"}
    assert run_alarms(plant, tmp_path, "ack", "--all", "--yes").exit_code == 1
    assert run_alarms(plant, tmp_path, "reset", "--all", "--yes").stdout == f"reset: {GROSS.tag}\n"
    assert list_alarms(plant, tmp_path) == {TAG: "acknowledged"}


@pytest.mark.parametrize("what", ["ack", "reset"])
def test_without_a_terminal_all_needs_a_yes(plant: Settings, tmp_path: Path, what: str) -> None:
    run_alarms(plant, tmp_path, "ack", GROSS.tag)
    before = list_alarms(plant, tmp_path)
    result = run_alarms(plant, tmp_path, what, "--all")
    assert (result.exit_code, result.stdout) == (EXIT_ERROR, "")
    tag = TAG if what == "ack" else GROSS.tag
    assert f"1 alarm: {tag}" in result.stderr
    assert "give --yes" in result.stderr
    assert list_alarms(plant, tmp_path) == before


@pytest.mark.parametrize(("answer", "left"), [("n", {"unacknowledged"}), ("y", {"acknowledged"})])
def test_on_a_terminal_all_is_asked_about_with_how_many_and_which(
    plant: Settings, tmp_path: Path, answer: str, left: set[str]
) -> None:
    run_alarms(plant, tmp_path, "ack", GROSS.tag)
    config = str(tmp_path / "dosing-tui.toml")
    keyboard, terminal = os.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    result = subprocess.run(
        [sys.executable, "-m", "dosing_tui", "--config", config, "alarms", "ack", "--all"],
        stdin=terminal, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(keyboard)
    os.close(terminal)
    assert f"1 alarm: {TAG}" in result.stderr
    assert "Acknowledge it?" in result.stderr
    assert {list_alarms(plant, tmp_path)[TAG]} == left
    assert result.returncode == (0 if answer == "y" else 1)


def test_what_changed_since_it_was_seen_is_left_out_with_its_reason(plant: Settings) -> None:
    seen = alarm_actions.list_alarms(plant)
    others = CommandContext(Actor("Bob", "bob"), NOW)
    journal.enter_actions(plant, [acknowledge_alarm(seen[0], others)])
    done = alarm_actions.apply_command(
        plant, seen, CommandContext(Actor("Anna", "anna"), NOW), acknowledge_alarm
    )
    assert done.changed_tags == (seen[1].key.tag,)
    assert done.refusals == (f"{seen[0].key.tag} is latched acknowledged already, by Bob.",)


def test_what_changes_nothing_because_another_was_faster_is_not_said_to_be_done(
    plant: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = journal.enter_actions

    def enter_second(settings: Settings, entries: Sequence[JournalEntry]) -> None:
        enter(settings, [structs.replace(entry, uuid=uuid4(), who=Actor("Ben")) for entry in entries])
        enter(settings, entries)

    monkeypatch.setattr(journal, "enter_actions", enter_second)
    result = run_alarms(plant, tmp_path, "ack", TAG)
    assert result.exit_code == EXIT_ERROR
    assert "acknowledged already, by Ben" in result.output
    assert "Acknowledged" not in result.output


def test_an_alarm_is_put_out_of_service_and_back(plant: Settings, tmp_path: Path) -> None:
    result = run_alarms(plant, tmp_path, "remove", TAG, "--reason", "scale is away", "--name", "Anna")
    assert (result.exit_code, result.stdout) == (0, f"out of service: {TAG}\n")
    assert list_alarms(plant, tmp_path)[TAG] == "out of service"
    result = run_alarms(plant, tmp_path, "restore", TAG.lower(), "--comment", "scale is back")
    assert (result.exit_code, result.stdout) == (0, f"back in service: {TAG}\n")
    assert TAG not in list_alarms(plant, tmp_path)


def test_an_alarm_is_shelved_and_unshelved(plant: Settings, tmp_path: Path) -> None:
    result = run_alarms(plant, tmp_path, "shelve", TAG, "--for", "4h", "--reason", "refill ordered")
    assert result.stdout == f"shelved: {TAG}\n"
    assert list_alarms(plant, tmp_path)[TAG] == "shelved"
    assert run_alarms(plant, tmp_path, "unshelve", TAG).exit_code == 0
    assert TAG not in list_alarms(plant, tmp_path)


@pytest.fixture
def quiet(migrated: str) -> Settings:
    """A station that has just dosed T-12, and nothing wrong."""
    now = datetime.now(UTC)
    store_and_rebuild(migrated, make_dose((now - NOON).total_seconds(), "T-12", actual_g=40.0), now=now)
    return settings_for(migrated)


@pytest.mark.parametrize(
    ("tag", "meant"),
    [
        (f"DOSE_GROSS/{DEVICE}/T-12", f"DOSE_GROSS/{DEVICE}/T-12"),
        (f"dose_gross/{DEVICE.upper()}/t-12", f"DOSE_GROSS/{DEVICE}/T-12"),
        (f"DEVICE_OFFLINE/{DEVICE}", f"DEVICE_OFFLINE/{DEVICE}"),
        ("DB_DOWN", "DB_DOWN"),
    ],
)
def test_a_normal_alarm_is_put_out_of_service_before_the_work_and_back(
    quiet: Settings, tmp_path: Path, tag: str, meant: str
) -> None:
    result = run_alarms(quiet, tmp_path, "remove", tag, "--reason", "scale is away")
    assert (result.exit_code, result.stdout) == (0, f"out of service: {meant}\n")
    assert list_alarms(quiet, tmp_path) == {meant: "out of service"}
    (removed,) = read_journal(quiet)
    assert (removed.priority, removed.rule_version) == (RULES[removed.key.rule].priority, CATALOG_VERSION)
    assert run_alarms(quiet, tmp_path, "restore", meant).exit_code == 0
    assert list_alarms(quiet, tmp_path) == {}


def test_a_normal_alarm_is_shelved_as_long_as_its_rule_allows(quiet: Settings, tmp_path: Path) -> None:
    tag = f"DOSE_GROSS/{DEVICE}/T-12"
    too_long = run_alarms(quiet, tmp_path, "shelve", tag, "--for", "1h", "--reason", "calibration")
    assert "with priority high for 30 minutes at most" in too_long.stderr
    result = run_alarms(quiet, tmp_path, "shelve", tag, "--for", "30m", "--reason", "calibration")
    assert (result.exit_code, result.stdout) == (0, f"shelved: {tag}\n")
    assert list_alarms(quiet, tmp_path) == {tag: "shelved"}


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        (f"DOSE_GROS/{DEVICE}/T-12", "There is no rule DOSE_GROS; the rules are STOCK_LOW, "),
        ("DEVICE_OFFLINE/dosing_system_09", f"No station dosing_system_09 is known; known are {DEVICE}."),
        (f"DOSE_GROSS/{DEVICE}/T-21", "No chemical T-21 is known; known are T-12."),
    ],
)
@pytest.mark.parametrize("what", ["remove", "shelve"])
def test_nothing_is_hidden_that_could_never_sound(
    quiet: Settings, tmp_path: Path, what: str, tag: str, words: str
) -> None:
    more = ("--for", "5m") if what == "shelve" else ()
    result = run_alarms(quiet, tmp_path, what, tag, "--reason", "x", *more)
    assert result.exit_code == EXIT_ERROR
    assert words in result.stderr
    assert read_journal(quiet) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("shelve", TAG, "--for", "5h", "--reason", "x"), "for 240 minutes at most"),
        (("shelve", TAG, "--for", "1h", "--reason", " "), "a reason is needed"),
        (("ack", "STOCK_LOW/nowhere"), "No alarm STOCK_LOW/nowhere now"),
        (("reset", TAG), "its condition still holds"),
        (("ack",), "or give --all"),
        (("journal", "--state", "normal"), "is not one of unacknowledged"),
        (("list", "--state", "loud"), "is not one of normal, unacknowledged"),
        (("remove", TAG, "--reason", " "), "a reason is needed"),
        (("restore", TAG), "is not out of service"),
        (("shelve", TAG, "--for", "long", "--reason", "x"), "is not a duration"),
    ],
)
def test_what_is_not_possible_is_one_sentence(
    plant: Settings, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    result = run_alarms(plant, tmp_path, *arguments)
    assert result.exit_code == EXIT_ERROR
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_the_journal_is_filtered(plant: Settings, tmp_path: Path) -> None:
    def tags(*arguments: str) -> list[str]:
        out = run_alarms(
            plant, tmp_path, "journal", "--since", "9999d", "--format", "json", *arguments
        ).stdout
        return [row["tag"] for row in json.loads(out)["rows"]]

    assert tags("--tag", "stock") == [TAG]
    assert tags("--event", "return") == [GROSS.tag]
    assert tags("--state", "unacknowledged") == [TAG]
    assert set(tags("--state", "latched unacknowledged")) == {GROSS.tag}
    assert tags("--state", "shelved") == []
    assert len(tags("--most", "2")) == 2
    cut = run_alarms(plant, tmp_path, "journal", "--since", "9999d", "--most", "2")
    assert cut.stderr == "Only the newest 2 entries: a shorter range or a filter shows the others.\n"
    assert run_alarms(plant, tmp_path, "journal", "--since", "9999d", "--most", "99").stderr == ""
    assert tags("--user", "nobody") == []
    assert len(tags("--device", "dosing_system_01")) == 3
    assert tags("--device", "dosing_system_02") == []
    assert tags("--range", "2025-01-01") == []


def test_nothing_to_list_is_no_error(migrated: str, tmp_path: Path) -> None:
    result = run_alarms(settings_for(migrated), tmp_path, "list")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "None.\n")
    found = json.loads(run_alarms(settings_for(migrated), tmp_path, "list", "--format", "json").stdout)
    assert (found["panel"], found["rows"]) == ("alarms", [])


def test_times_are_on_the_plants_clock_in_every_form(plant: Settings, tmp_path: Path) -> None:
    (row, *_) = json.loads(run_alarms(plant, tmp_path, "list", "--format", "json").stdout)["rows"]
    assert row["raised_at"] == NOW.isoformat()
    assert f"{NOW:%Y-%m-%d %H:%M}" in run_alarms(plant, tmp_path, "list").stdout


def test_without_the_database_it_says_so(tmp_path: Path) -> None:
    result = run_alarms(settings_for(UNREACHABLE), tmp_path, "list")
    assert result.exit_code == EXIT_UNAVAILABLE
    assert result.stderr.startswith("dosing-tui: No database server listens")


FAULTS = {
    "read-only": (
        "ALTER DATABASE {database} SET default_transaction_read_only = on",
        "Alarm journal unavailable: The database {database} on ",
    ),
    "plpgsql": (
        "UPDATE pg_proc SET probin = '$libdir/of_another_release' WHERE proname LIKE 'plpgsql%handler'",
        "of_another_release",
    ),
    "right": (
        "GRANT SELECT ON alarm_journal TO collector_without_right",
        "Alarm journal unavailable: User collector_without_right of the collector lacks the right",
    ),
}


@contextmanager
def connect_collector(dsn: str, damage: str) -> Iterator[None]:
    """A collector's session under a role without rights, on a database that is damaged meanwhile."""
    role = "collector_without_right"
    execute_statements(dsn, f"CREATE ROLE {role} LOGIN")
    user = role if role in damage else ""
    name = "dosing-tui/collector"
    try:
        with psycopg.connect(
            psycopg.conninfo.make_conninfo(dsn, **({"user": user} if user else {}), application_name=name)
        ):
            execute_statements(dsn, damage)
            yield
    finally:
        repair = psycopg.conninfo.make_conninfo(dsn, options="-c default_transaction_read_only=off")
        execute_statements(repair, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@pytest.mark.new_database
@pytest.mark.parametrize("name", FAULTS)
def test_a_list_that_may_lack_alarms_says_why_and_has_an_exit_status_of_its_own(
    name: str, plant: Settings, tmp_path: Path
) -> None:
    damage, sentence = FAULTS[name]
    dsn = plant.database.dsn
    database = fetch_value(dsn, "SELECT current_database()")
    assert run_alarms(plant, tmp_path, "list").exit_code == 0
    with connect_collector(dsn, damage.format(database=database)):
        result = run_alarms(plant, tmp_path, "list")
    assert TAG in result.stdout
    assert result.exit_code == EXIT_UNAVAILABLE
    assert sentence.format(database=database) in result.stderr


def test_entries_that_wait_on_this_machine_are_told(plant: Settings, tmp_path: Path) -> None:
    folder = get_spool_folder(replace(plant, collector=CollectorSettings(spool_dir=str(tmp_path / "spool"))))
    folder.mkdir(parents=True)
    with closing(JournalOutbox(folder)) as outbox:
        late = datetime.now(UTC) - timedelta(minutes=5)
        outbox.put_entries(
            [structs.replace(make_entry(AlarmEvent.RAISE), uuid=uuid4(), received_at=late)] * 2
        )
    config = tmp_path / "dosing-tui.toml"
    config.write_text(
        f"[database]\ndsn = {json.dumps(plant.database.dsn)}\n"
        f"[collector]\nspool_dir = {json.dumps(str(tmp_path / 'spool'))}\n"
    )
    result = CliRunner().invoke(main, ["--config", str(config), "alarms", "list"])
    assert result.exit_code == EXIT_UNAVAILABLE
    assert "2 alarm entries of this machine not journaled yet, the oldest for 5 min." in result.stderr
