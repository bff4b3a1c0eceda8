"""The check of the stack's folder: no fault in the folder as it is, and each one that is made is named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from dosing_tui.cli.main import main
from dosing_tui.demo.servers.mqtt_broker import find_mosquitto
from dosing_tui.deployment import mosquitto_checks
from dosing_tui.deployment.deploy_check import check_deployment
from dosing_tui.doctor.checks.check_result import CheckLevel
from tests.support.deploy.deploy_files import FOLDER

Change = Callable[[Path], object]
COMPOSE, TELEGRAF = "compose.yaml", "telegraf/telegraf.conf"


def copy_stack(place: Path) -> Path:
    folder = place / "deploy"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("secrets", ".env", "certs"))
    shutil.copy(folder / ".env.example", folder / ".env")
    return folder


def change_text(name: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return change


def list_errors(folder: Path) -> list[str]:
    return [one.text for one in check_deployment(folder, {}).results if one.level is CheckLevel.ERROR]


def test_the_stack_as_it_is_has_no_error(tmp_path: Path) -> None:
    folder = copy_stack(tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = CliRunner().invoke(main, ["deploy", "check", str(folder)])
    assert done.exit_code == 1, done.output  # warnings: no passwords yet, no TLS
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    checked = {one.name for one in check_deployment(folder, {}).results if one.level is CheckLevel.OK}
    assert {
        "compose",
        "variables",
        "collector",
        "accounts",
        "configuration",
        "provisioning",
        "README.md",
    } <= checked


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (change_text(COMPOSE, "services:", "services: ["), "compose.yaml cannot be used"),
        (change_text(COMPOSE, "./telegraf/", "./graf/"), "telegraf mounts ./graf/telegraf.conf"),
        (change_text(COMPOSE, "  mqtt_telegraf:\n", "  mqtt_tele:\n"), "needs the secret mqtt_telegraf"),
        (change_text(".env", "DOSING_PLANT_SITE=plant1", ""), ".env does not set DOSING_PLANT_SITE."),
        (change_text(".env", "Europe/Berlin", "Europe/Berlinn"), "plant.timezone"),
        (change_text("dosing-tui.toml", "[mqtt]", "[mqt]"), "[mqt] is not a setting"),
        (change_text("dosing-tui.toml", '"dosing_system_02"', '"hall_3"'), "has no block for hall_3"),
        (change_text(TELEGRAF, '"device_id", "event"', '"device", "event"'), "has no column device."),
        (change_text(TELEGRAF, "factory/batch/events", "f/batch/events"), "is not a topic of mqtt.prefix"),
        (change_text(TELEGRAF, "[agent]", "[agent"), "telegraf.conf cannot be used"),
    ],
)  # fmt: skip
def test_a_fault_is_named(tmp_path: Path, change: Change, text: str) -> None:
    folder = copy_stack(tmp_path)
    with (folder / ".env").open("a") as stream:
        stream.write("COMPOSE_PROFILES=telegraf\n")
    change(folder)
    errors = list_errors(folder)
    assert errors
    assert any(text in error for error in errors), errors


@pytest.mark.skipif(find_mosquitto() is None, reason="Mosquitto is not installed")
@pytest.mark.parametrize("name", ["mosquitto/mosquitto.conf", "mosquitto/acl"])
def test_a_file_that_mosquitto_refuses_is_named(tmp_path: Path, name: str) -> None:
    folder = copy_stack(tmp_path)
    with (folder / name).open("a") as stream:
        stream.write("\nnonsense true\n")
    (error,) = list_errors(folder)
    assert error.startswith("Mosquitto refuses it: ")


def test_a_broker_that_does_not_hear_the_first_signal_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mosquitto says that it runs a moment before SIGTERM ends it."""
    deaf = tmp_path / "mosquitto"
    deaf.write_text("#!/bin/sh\ntrap '' TERM\necho '1: mosquitto version 2 running'\nexec sleep 60\n")
    deaf.chmod(0o755)
    monkeypatch.setattr(mosquitto_checks, "find_mosquitto", lambda: deaf)
    monkeypatch.setattr(mosquitto_checks, "START_S", 1.0)
    assert list_errors(copy_stack(tmp_path)) == []


def test_a_file_in_another_encoding_is_named_and_the_rest_is_checked(tmp_path: Path) -> None:
    folder = copy_stack(tmp_path)
    with (folder / "mosquitto" / "mosquitto.conf").open("ab") as stream:
        stream.write("# für die Stationen\n".encode("latin-1"))
    (error,) = list_errors(folder)
    assert "'utf-8' codec can't decode byte 0xfc" in error
    checked = {one.name for one in check_deployment(folder, {}).results if one.level is CheckLevel.OK}
    assert {"compose", "provisioning", "README.md"} <= checked


def test_a_key_that_mosquittos_user_cannot_read_is_named(tmp_path: Path) -> None:
    folder = copy_stack(tmp_path)
    for option in ("listener 8883", "certfile", "keyfile"):
        change_text("mosquitto/mosquitto.conf", f"\n#{option}", f"\n{option}")(folder)
    certificates = folder / "mosquitto" / "certs"
    certificates.mkdir()
    assert any("Certificate or key" in error for error in list_errors(folder))
    shutil.copy(Path(__file__).parents[2] / "support" / "deploy" / "server.crt", certificates)
    (certificates / "server.key").write_text("")
    (certificates / "server.key").chmod(0o600)
    assert any("not readable by Mosquitto's user (1883)" in error for error in list_errors(folder))
    (certificates / "server.key").chmod(0o444)
    assert list_errors(folder) == []


def test_another_folder_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["deploy", "check", str(tmp_path)])
    assert done.exit_code == 3
    assert "lacks compose.yaml" in done.output
