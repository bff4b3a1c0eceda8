"""The file for support: everything that helps, and no secret, wherever one was written."""

import os
import zipfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from dosing_tui.cli.main import main
from dosing_tui.config.loader import LoadedSettings
from dosing_tui.config.settings import MqttSettings, Settings
from dosing_tui.doctor import diagnose
from dosing_tui.doctor.checks.check_result import CheckLevel, CheckResult, CheckTheme, Diagnosis
from dosing_tui.doctor.support_bundle import LOG_BYTES, write_bundle

BROKER, DATABASE, HOOK = 'mqtt "secret"\\1', "dätabase's \"secret", "https://hooks.example/T0/abcdef"
CONFIG = """
[plant]
timezone = "Europe/Berlin"
[mqtt]
port = 1
username = "collector"
websocket_headers = ["Authorization: Bearer header-secret"]
websocket_path = "/mqtt?name=plant1&token=path%2Dsecret"
[database]
dsn = "host=127.0.0.1 port=1 dbname=factory_metrics"
[log]
file = "{folder}/console.log"
[[notifications]]
name = "control-room"
kind = "slack"
[[notifications]]
name = "pager"
kind = "command"
command = ["PAGER_TOKEN=first-secret page", "--token=second-secret"]
"""


def test_the_bundle_has_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, bundle = tmp_path / "plant.toml", tmp_path / "support.zip"
    config.write_text(CONFIG.format(folder=tmp_path))
    config.chmod(0o600)
    (tmp_path / "console.log").write_text(
        f"the broker refused {BROKER}\nposted to {HOOK}\ntoken header-secret expired\n"
        f"GET /mqtt?name=plant1&token=path%2Dsecret, path-secret; second-secret; {DATABASE!r}\n"
    )
    for name, value in {
        "MQTT_PASSWORD": BROKER, "DATABASE_PASSWORD": DATABASE, "NOTIFICATIONS_CONTROL_ROOM_URL": HOOK,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"DOSING_{name}", value)
    arguments = ["--config", str(config), "doctor", "--listen", "0", "--bundle", str(bundle)]
    assert CliRunner().invoke(main, arguments).exit_code == 3
    assert bundle.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(bundle) as opened:
        files = {name: opened.read(name).decode() for name in opened.namelist()}
    assert "DOSING_MQTT_PASSWORD" in files["environment.txt"]
    assert "the broker refused …" in files["log.txt"]
    assert "posted to …" in files["log.txt"]
    assert "connection refused" in files["doctor.txt"]
    assert 'username = "collector"' in files["settings.toml"]
    found = ("header-secret", "path%2Dsecret", "path-secret", "first-secret", "second-secret", "mqtt \\")
    for secret in (BROKER, DATABASE, HOOK, quote(DATABASE, ""), *found):
        assert [name for name, text in files.items() if secret in text] == []


def test_without_usable_settings_the_log_stays_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets in it may come from a file that nobody can name now."""
    bundle = tmp_path / "support.zip"
    monkeypatch.setenv("DOSING_MQTT_PASSWORD", BROKER)
    monkeypatch.setenv("PGPASSWORD", DATABASE)
    monkeypatch.setenv("DOSING_NOTIFICATIONS_CONTROL_ROOM_URL", HOOK)
    log_file = tmp_path / "console.log"
    log_file.write_text(f"unknown-secret {BROKER}\n")
    told = CheckResult(
        CheckTheme.SETTINGS, "file", CheckLevel.ERROR, f"{BROKER} {DATABASE} {HOOK} is refused."
    )
    write_bundle(bundle, Diagnosis(datetime.now(UTC), "", "1", (told,)), None, log_file, os.environ)
    with zipfile.ZipFile(bundle) as opened:
        files = {name: opened.read(name).decode() for name in opened.namelist()}
    assert "… … … is refused." in files["doctor.txt"]
    assert "left out" in files["log.txt"]
    for secret in (BROKER, DATABASE, HOOK, "unknown-secret"):
        assert [name for name, text in files.items() if secret in text] == []


def test_a_secret_that_the_begin_of_the_log_cuts_off_is_left_out(tmp_path: Path) -> None:
    log_file, bundle = tmp_path / "console.log", tmp_path / "support.zip"
    settings = Settings(mqtt=MqttSettings(password="long-broker-secret"))
    log_file.write_text("x" * 100 + "long-broker-secret\n" + "y" * (LOG_BYTES - 8) + "\n")
    loaded = LoadedSettings(settings, defaultdict(lambda: "here"), tmp_path)
    write_bundle(bundle, Diagnosis(datetime.now(UTC), "", "1", ()), loaded, log_file, {})
    with zipfile.ZipFile(bundle) as opened:
        assert opened.read("log.txt").decode().strip("y\n") == ""


def test_a_file_that_exists_is_refused_before_anything_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "support.zip"
    bundle.touch()
    started: list[object] = []
    monkeypatch.setattr(diagnose, "run_diagnosis", lambda *arguments: started.append(arguments))
    refused = CliRunner().invoke(main, ["doctor", "--bundle", str(bundle)])
    assert refused.exit_code == 2
    assert "exists already" in refused.stderr
    assert started == []
