"""Settings: sources, refusals, secrets."""

import json
import os
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from dosing_tui.config.loader import LoadedSettings, load_settings, resolve_config_path
from dosing_tui.config.render_toml import render_settings, render_template, write_template
from dosing_tui.config.secrets import has_password, is_connection_string, mask_dsn
from dosing_tui.config.settings import CollectorMode, DatabaseSettings, Settings
from dosing_tui.errors import ConfigError


def load_text(tmp_path: Path, text: str, env: dict[str, str] | None = None) -> LoadedSettings:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, env or {})


def load_refusal(tmp_path: Path, text: str, env: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, text, env)
    return str(caught.value)


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings(None, {"XDG_CONFIG_HOME": "/nonexistent"}).settings == Settings()


def test_a_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml does not exist"):
        load_settings(tmp_path / "absent.toml", {})


def test_the_option_wins_over_the_variable(tmp_path: Path) -> None:
    assert resolve_config_path(tmp_path / "a", {"DOSING_TUI_CONFIG": "/b"}) == tmp_path / "a"
    assert resolve_config_path(None, {"DOSING_TUI_CONFIG": "/b"}) == Path("/b")


def test_the_environment_wins_over_the_file_and_each_source_is_known(tmp_path: Path) -> None:
    result = load_text(
        tmp_path,
        '[mqtt]\nhost = "broker.plant"\nport = 1884\n[plant]\ndevices = ["a"]',
        {"DOSING_MQTT_HOST": "other", "DOSING_PLANT_DEVICES": "x, y", "DOSING_COLLECTOR_MODE": "never"},
    )
    assert (result.settings.mqtt.host, result.settings.mqtt.port) == ("other", 1884)
    assert result.settings.plant.devices == ("x", "y")
    assert result.settings.collector.mode is CollectorMode.NEVER
    assert result.sources["mqtt.host"] == "environment DOSING_MQTT_HOST"
    assert result.sources["mqtt.port"] == f"file {result.path}"
    assert result.sources["mqtt.keepalive_s"] == "default"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[mqtt]\nhots = "x"', "mqtt.hots is not a setting. Did you mean mqtt.host?"),
        ("[mqt]\nport = 1", "[mqt] is not a setting. Did you mean [mqtt]?"),
        ("mqtt = 3", "mqtt is a section"),
        ("[mqtt]\nport = true", "mqtt.port: True is not a whole number."),
        ('[mqtt]\nport = "1883"', "mqtt.port: '1883' is not a whole number."),
        ("[mqtt]\nport = 70000", "mqtt.port: 70000 is outside 1 to 65535."),
        ('[mqtt]\nprotocol = "4"', "mqtt.protocol: '4' is not one of 3.1.1, 5."),
        ('[mqtt]\nprefix = "factory/#"', "mqtt.prefix:"),
        ('[mqtt]\nprefix = "factory/st+"', "may hold one +, as a whole level"),
        ('[mqtt]\nprefix = "+/+"', "may hold one +, as a whole level"),
        ('[mqtt]\npassword = "x"', "mqtt.password does not belong in the file"),
        ('[mqtt]\nca_file = "/ca"', "mqtt.ca_file: is set, but mqtt.tls is false"),
        ('[mqtt]\ncert_file = "/c"', "needs both cert_file and key_file"),
        ('[plant]\ntimezone = "Berlin"', "plant.timezone: 'Berlin' is not a time zone"),
        ('[plant]\ntimezone = "../etc/passwd"', "plant.timezone:"),
        ('[plant]\nsite = "a/b"', "plant.site: 'a/b' may hold letters"),
        ('[plant]\ndevices = "a"', "plant.devices: is not a list of texts"),
        ('[database]\ndsn = "host=h password=s"', "database.dsn: holds a password"),
        ("[limits]\nstock_low_percent = 60", "limits.stock_low_percent: is above"),
        ("[limits]\ntolerance_g = nan", "limits.tolerance_g: nan is outside"),
        (
            '[mqtt]\nprefix = "factory/+"\n[anchors]\nmqtt_topic = "factory/audit/batch/events"',
            "or be one of the readings' topics",
        ),
        ('[log]\nlevel = "LOUD"', "log.level: 'LOUD' is not one of"),
        ("[mqtt", "is not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in load_refusal(tmp_path, text)


def test_a_misspelt_variable_is_refused_with_the_nearest(tmp_path: Path) -> None:
    sentence = load_refusal(tmp_path, "", {"DOSING_MQTT_HOTS": "x"})
    assert "DOSING_MQTT_HOTS is not a setting. Did you mean DOSING_MQTT_HOST?" in sentence


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("DOSING_MQTT_PORT", "many", "DOSING_MQTT_PORT: 'many' is not a whole number."),
        ("DOSING_MQTT_TLS", "maybe", "DOSING_MQTT_TLS: 'maybe' is not true or false."),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, text: str, sentence: str) -> None:
    assert sentence in load_refusal(tmp_path, "", {variable: text})


@pytest.mark.parametrize(
    ("dsn", "holds"),
    [
        ("host=h user=u", False),
        ("host=h Password = x", True),
        ("postgresql://u@h/db", False),
        ("postgresql://u:s@h/db", True),
        ("postgresql://u@h/db?password=s", True),
        ("postgresql://[::1]:5432/db", False),
        ("host=h sslpassword='a b'", True),
        ("host=h options='-c x.password=1'", False),
        ("host=h sslcert=c sslkey=k passfile=/x", False),
        ("postgresql://u@h/db?sslmode=require&sslpa%73sword=s", True),
        ("postgresql://u:s#?@h/db", True),
        ("host=h pwd=s", True),
    ],
)
def test_a_password_in_a_connection_string_is_noticed(dsn: str, holds: bool) -> None:
    assert has_password(dsn) is holds


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f'[database]\ndsn = "postgresql+psycopg://u:{SECRET}@h/db"', "is not a connection string"),
        (f'[database]\ndsn = "jdbc:postgresql://h/db?password={SECRET}"', "is not a connection string"),
        (f'[database]\ndsn = "postgresql://u:{SECRET}/@h/db"', "is not a connection string"),
        (f'[database]\ndsn = "postgresql://u:{SECRET}/db"', "is not a connection string"),
        (f'[database]\ndsn = "u:{SECRET}@h/db"', "is not a connection string"),
        (f'[database]\ndsn = "host=h password {SECRET}"', "is not a connection string"),
        (f"[database]\ndsn = \"host='h password={SECRET}\"", "is not a connection string"),
        (f'[mqtt]\nhost = "mqtt://u:{SECRET}@h"', "mqtt.host: is not a host name or address"),
        (f'[mqtt]\nwebsocket_headers = ["Authorization {SECRET}"]', "mqtt.websocket_headers[1]:"),
        (f'[mqtt]\nwebsocket_headers = "Authorization: {SECRET}"', "mqtt.websocket_headers: is not a list"),
        (f'[mqtt]\npassword_file = "{SECRET}"', "mqtt.password_file: the file that it names cannot be read"),
        (
            f'[[notifications]]\nname = "a"\nkind = "slack"\nurl_file = "https://h/{SECRET}"',
            "url_file: the file that it names cannot be read",
        ),
        (
            f'[[notifications]]\nname = "a"\nkind = "mail"\nhost = "smtp://u:{SECRET}@h"\n'
            'sender = "a@b.example"\nto = ["a@b.example"]',
            "host is not a host name or address",
        ),
    ],
)  # fmt: skip
def test_a_refusal_quotes_no_secret_that_stands_in_the_wrong_place(
    tmp_path: Path, text: str, sentence: str
) -> None:
    refusal = load_refusal(tmp_path, text)
    assert sentence in refusal
    assert SECRET not in refusal


def test_the_time_to_read_a_connection_string_is_bounded() -> None:
    for hostile in (
        "a=b=" * 5_000 + "\\",
        "a=" + " " * 5_000 + "'",
        "postgresql://" + "h:1," * 5_000 + "h:x",
    ):
        assert not is_connection_string(hostile)


def test_a_password_comes_from_the_environment_before_credentials_and_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("from file\nsecond line\n")
    (tmp_path / "mqtt-password").write_text("from systemd\n")
    text = f'[mqtt]\npassword_file = "{secret}"'
    assert load_text(tmp_path, text).settings.mqtt.password == "from file"
    systemd = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert load_text(tmp_path, text, systemd).settings.mqtt.password == "from systemd"
    both = systemd | {"DOSING_MQTT_PASSWORD": "from environment"}
    assert load_text(tmp_path, text, both).settings.mqtt.password == "from environment"


def test_a_password_file_open_to_others_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    secret.chmod(0o644)
    assert "is open to others; run chmod 600" in load_refusal(tmp_path, f'[mqtt]\npassword_file = "{secret}"')


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    result = load_text(
        tmp_path, "", {"DOSING_MQTT_PASSWORD": "hunter2", "DOSING_DATABASE_PASSWORD": "hunter2"}
    )
    assert "hunter2" not in render_settings(result) + repr(result.settings)
    assert "# password is set  (environment DOSING_MQTT_PASSWORD)" in render_settings(result)


def test_what_is_shown_can_be_read_back(tmp_path: Path) -> None:
    result = load_text(tmp_path, '[plant]\nname = "Wörk \\"1\\" \\\\ ☃"')
    again = load_text(tmp_path, render_settings(result))
    assert again.settings == result.settings


def test_the_template_documents_every_setting_and_is_valid(tmp_path: Path) -> None:
    text, _, _ = render_template().partition("# Names of stations")  # examples, tested by themselves
    uncommented = "\n".join(
        line[2:]
        if line.startswith("# [[") or (line.startswith("# ") and " = " in line and not line.endswith("."))
        else line
        for line in text.splitlines()
    )
    assert load_settings(_write_config(tmp_path, uncommented), {}).settings == Settings()
    assert len(tomllib.loads(uncommented)["mqtt"]) > 10


def test_a_file_is_not_overwritten_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    write_template(path, force=False)
    assert os.stat(path).st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="exists already"):
        write_template(path, force=False)
    write_template(path, force=True)


def _write_config(folder: Path, text: str) -> Path:
    path = folder / "written.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[retention]\nreadings_days = 30", "readings_days: 30 is neither 0"),
        ("[retention]\nreadings_days = 90\n[clock]\noldest_days = 80.0", "nor between 95"),
        ("[retention]\nreadings_days = 400\nsums_days = 300", "is shorter than retention.readings_days"),
    ],
)
def test_batches_keep_the_readings_they_are_rebuilt_from(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(ConfigError, match=reason):
        load_settings(file, {})


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("host=h sslpassword = 'a \\' b' user=u", "host=h sslpassword = … user=u"),
        ("host=h password=a\\ b user=u", "host=h password=… user=u"),
        ("postgresql://u:s?#x@h,i/db?sslpassword=a@b&sslmode=require", "postgresql://u:…@h,i/db?sslpassword=…&sslmode=require"),
        ("postgresql://u@h:5432/db?sslcert=c", "postgresql://u@h:5432/db?sslcert=c"),
        ("host='h password=s", "…"),
        ("host=h pwd=s", "host=h pwd=…"),
        ("Host=h;Username=u;Password=s", "Host=…"),
        ("postgresql+psycopg://u:s@h/db", "…"),
        ("jdbc:postgresql://h/db?user=u&password=s", "…"),
        ("postgresql://u:s/x@h/db", "…"),
        ("u:s@h/db", "…"),
        ("host=h password s", "…"),
        ("postgresql://h,[::1]:5432/db?pass%77ord=s&user", "postgresql://h,[::1]:5432/db?pass%77ord=…&user"),
        ("host=localhost dbname='a b' options='-c x=://y'", "host=localhost dbname='a b' options='-c x=://y'"),
    ],
)  # fmt: skip
def test_a_connection_string_is_shown_without_its_secrets(dsn: str, shown: str) -> None:
    assert mask_dsn(dsn) == shown
    loaded = LoadedSettings(
        settings := Settings(database=DatabaseSettings(dsn)), defaultdict(lambda: "here"), Path("x")
    )
    assert f"dsn = {json.dumps(shown, ensure_ascii=False)}" in render_settings(loaded)
    assert settings.database.dsn == dsn
