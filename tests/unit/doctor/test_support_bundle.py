"""The file for support: everything that helps, and no secret, wherever one was written."""

import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from dosing_tui.cli.main import main

BROKER, DATABASE, HOOK = 'mqtt "secret"\\1', "database-secret", "https://hooks.example/T0/abcdef"
CONFIG = """
[plant]
timezone = "Europe/Berlin"
[mqtt]
port = 1
username = "collector"
websocket_headers = ["Authorization: Bearer header-secret"]
[database]
dsn = "host=127.0.0.1 port=1 dbname=factory_metrics"
[log]
file = "{folder}/console.log"
[[notifications]]
name = "control-room"
kind = "slack"
"""


def test_the_bundle_has_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, bundle = tmp_path / "plant.toml", tmp_path / "support.zip"
    config.write_text(CONFIG.format(folder=tmp_path))
    config.chmod(0o600)
    (tmp_path / "console.log").write_text(f"the broker refused {BROKER}\nposted to {HOOK}\n")
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
    for secret in (BROKER, DATABASE, HOOK, "header-secret", "mqtt \\"):
        assert [name for name, text in files.items() if secret in text] == []
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 2
    assert "exists already" in again.stderr
