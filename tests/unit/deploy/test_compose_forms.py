"""Each form in which Compose takes a value is read, and a fault in it is named."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from dosing_tui.deployment.compose_checks import check_compose
from dosing_tui.deployment.service_checks import check_settings_of, check_telegraf
from dosing_tui.deployment.stack_folder import StackFolder
from dosing_tui.doctor.checks.check_result import CheckLevel, CheckResult
from tests.unit.deploy.test_deploy_check import COMPOSE, change_text, copy_stack

PORT = '      - "${MQTT_BIND:?set it in .env, the address stations connect to}:1883:1883"\n'
LONG_PORT = """\
      - target: 1883
        published: "1883"
        host_ip: ${MQTT_BIND}
        protocol: tcp
"""
COMMAND = '    command: ["collect"]\n'
OVERRIDE = "compose.override.yaml"
MOUNT = "      - ./telegraf/telegraf.conf:/etc/telegraf/telegraf.conf:ro\n"
LONG_MOUNT = """\
      - type: bind
        source: ./telegraf/telegraf.conf
        target: /etc/telegraf/telegraf.conf
        read_only: true
"""
DSN = "      DOSING_DATABASE_DSN: host=timescaledb dbname=factory_metrics user=dosing_writer\n"
MAPPED = """\
    environment:
      GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/grafana_admin
      GF_USERS_DEFAULT_LANGUAGE: en-US
      GF_ANALYTICS_REPORTING_ENABLED: "false"
"""
LISTED = """\
    environment:
      - GF_SECURITY_ADMIN_PASSWORD__FILE=/run/secrets/grafana_admin
      - TZ
      - GF_USERS_DEFAULT_LANGUAGE=en-US
"""
VIEWER = """\
      <<: *settings
      DOSING_DATABASE_DSN: host=timescaledb dbname=factory_metrics user=dosing_viewer
"""
LISTED_VIEWER = """\
      - DOSING_PLANT_TIMEZONE
      - DOSING_PLANT_SITE=${DOSING_PLANT_SITE}
      - DOSING_DATABASE_DSN=host=timescaledb dbname=factory_metrics user=dosing_viewer
"""
EXTENSION = """\
  collector2:
    extends: collector
    profiles: [spare]
  collector3:
    extends:
      file: more.yaml
      service: base
"""


def check_files(folder: Path, environment: Mapping[str, str] | None = None) -> list[CheckResult]:
    """Without the checks that start programs."""
    stack = StackFolder(folder, environment or {})
    results = list(check_compose(stack))
    if not any(one.level is CheckLevel.ERROR for one in results):
        found, settings = check_settings_of(stack)
        results += [*found, *check_telegraf(stack, settings)]
    return results


def list_errors(folder: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    return [one.text for one in check_files(folder, environment) if one.level is CheckLevel.ERROR]


def find_warnings(folder: Path, name: str) -> list[CheckResult]:
    return [one for one in check_files(folder) if one.level is CheckLevel.WARNING and one.name == name]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (PORT, LONG_PORT),
        (PORT, '      - "${MQTT_BIND:-127.0.0.1}:1883:1883"\n'),
        (PORT, '      - "$MQTT_BIND:1883:1883/tcp"\n'),
        (PORT, '      - "${UNSET:-${MQTT_BIND}}:1883:1883"\n      - "[::1]:1883:1883"\n'),
        (PORT, PORT + "# ${NOWHERE:?said} is only talked of\n"),
        (MOUNT, LONG_MOUNT),
        (MOUNT, MOUNT + "      - /etc/ssl:/etc/ssl:ro\n      - /scratch\n      - ~/x:/x\n"),
        (MOUNT, MOUNT + "      - {type: tmpfs, target: /tmp}\n"),
        (MOUNT, MOUNT + "      - {type: volume, source: spool, target: /s}\n"),
        (MAPPED, LISTED),
        (VIEWER, LISTED_VIEWER),
        (DSN, DSN + "      DOSING_MQTT_TLS: off\n      TZ:\n"),
        (DSN, DSN + "      COSTS: $$5 and $${HOME}\n"),
        (COMMAND, "    command: collect\n    env_file: extra.env\n"),
        (COMMAND, COMMAND + "    env_file: [extra.env, {path: none.env, required: false}]\n"),
        ("\nvolumes:\n", EXTENSION + "\nvolumes:\n"),
        ("    profiles: [telegraf]\n", "    profiles: [telegraf]\n    networks: !reset null\n"),
        ("        condition: service_healthy\n", "        condition: service_started\n"),
        ("  postgres:\n    file: ./secrets/postgres\n", "  postgres:\n    external: true\n"),
    ],
)  # fmt: skip
def test_a_legal_form_has_no_error(tmp_path: Path, old: str, new: str) -> None:
    folder = copy_stack(tmp_path)
    (folder / "extra.env").write_text("export DOSING_MQTT_PORT='1883'  # the broker's\n")
    (folder / "more.yaml").write_text("services: {base: {image: busybox, volumes: ['./mosquitto:/m']}}")
    change_text(COMPOSE, old, new)(folder)
    assert list_errors(folder) == []


def test_settings_see_variables_in_every_form(tmp_path: Path) -> None:
    """A list, and the files before it; what the environment says comes first."""
    folder = copy_stack(tmp_path)
    (folder / "extra.env").write_text("DOSING_MQTT_PORT=x1\nDOSING_PLANT_TIMEZONE=Nowhere/Else\n")
    change_text(COMPOSE, COMMAND, COMMAND + "    env_file: extra.env\n")(folder)
    (error,) = list_errors(folder)
    assert "DOSING_MQTT_PORT: 'x1'" in error


def test_the_shell_comes_before_the_file_as_with_compose(tmp_path: Path) -> None:
    folder = copy_stack(tmp_path)
    errors = list_errors(folder, {"DOSING_PLANT_TIMEZONE": "Nowhere/Else"})
    assert errors
    assert all("Nowhere/Else" in error for error in errors)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (MOUNT, LONG_MOUNT.replace("f.conf\n        t", "f.c\n        t"), "mounts ./telegraf/telegraf.c,"),
        (MOUNT, "      - {type: volume, source: spol, target: /s}\n", "the volume spol, which is not"),
        (COMMAND, COMMAND + "    env_file: none.env\n", "reads none.env"),
        ("    profiles: [telegraf]\n", "    extends: nobody\n", "extends nobody, which is not a service"),
        ("    profiles: [telegraf]\n", "    extends: telegraf\n", "extends itself"),
        (PORT, '      - "${MQTT_BIND:1883"\n', "'${MQTT_BIND:1883'"),
        (PORT, '      - "${HERE:?say it}:1883:1883"\n', ".env does not set HERE."),
        ("services:\n", "services:\n  empty:\n", "the service empty is not a mapping"),
    ],
)  # fmt: skip
def test_a_fault_in_another_form_is_named(tmp_path: Path, old: str, new: str, text: str) -> None:
    folder = copy_stack(tmp_path)
    change_text(COMPOSE, "    profiles: [telegraf]\n", "    profiles: []\n")(folder)
    change_text(COMPOSE, old.replace("[telegraf]", "[]"), new)(folder)
    errors = list_errors(folder)
    assert errors
    assert any(text in error for error in errors), errors


@pytest.mark.parametrize(
    ("new", "port"),
    [("1883:1883", "1883"), ("0.0.0.0:1884:1883", "1884"), ("22:22", "22"),
     ("${NOT_SET}1883:1883", "1883"), ("[::]:1883:1883", "1883"),
     ("{target: 1883, published: 1885}", "1885")],
)  # fmt: skip
def test_a_port_for_everybody_is_a_warning(tmp_path: Path, new: str, port: str) -> None:
    folder = copy_stack(tmp_path)
    quoted = new if new.startswith("{") or new == "22:22" else f'"{new}"'
    change_text(COMPOSE, PORT, f"      - {quoted}\n")(folder)
    (warning,) = find_warnings(folder, "ports")
    assert f"mosquitto publishes port {port} on every network" in warning.text


def test_a_second_file_of_the_plant_is_read_as_compose_does(tmp_path: Path) -> None:
    folder = copy_stack(tmp_path)
    (folder / OVERRIDE).write_text(
        yaml.safe_dump({"services": {"mosquitto": {"volumes": ["./nothing.conf:/mosquitto/data"]}}})
    )
    (error,) = list_errors(folder)
    assert error == "mosquitto mounts ./nothing.conf, which does not exist."
    (folder / OVERRIDE).write_text(
        "services:\n  mosquitto:\n    ports: !reset []\n    volumes: !override []\n"
    )
    assert list_errors(folder) == []


def test_what_only_a_profile_starts_is_no_error_until_it_is_used(tmp_path: Path) -> None:
    folder = copy_stack(tmp_path)
    change_text(COMPOSE, MOUNT, "      - ./graf.conf:/etc/telegraf/telegraf.conf:ro\n")(folder)
    assert list_errors(folder) == []
    (warning,) = find_warnings(folder, "compose")
    assert "telegraf mounts ./graf.conf" in warning.text
    with (folder / ".env").open("a") as stream:
        stream.write("COMPOSE_PROFILES=monitoring,telegraf\n")
    assert any("telegraf mounts ./graf.conf" in error for error in list_errors(folder))


def test_a_stack_without_telegraf_needs_no_file_of_it(tmp_path: Path) -> None:
    folder = copy_stack(tmp_path)
    text = (folder / COMPOSE).read_text()
    start, end = text.index("  telegraf:\n    image"), text.index("\nvolumes:\n")
    (folder / COMPOSE).write_text(text[:start] + text[end:])
    (folder / "telegraf" / "telegraf.conf").unlink()
    (folder / "telegraf").rmdir()
    (folder / ".env.example").unlink()
    assert list_errors(folder) == []


def test_a_secret_is_never_written_where_its_container_has_it(tmp_path: Path) -> None:
    """'target' may be a path: the check once wrote to that path of this machine."""
    folder, place = copy_stack(tmp_path), tmp_path / "written"
    change_text(COMPOSE, "        target: mqtt-password\n", f"        target: {place}\n")(folder)
    list_errors(folder)
    assert not place.exists()


def test_a_stack_without_secrets_of_its_own_is_read(tmp_path: Path) -> None:
    folder = copy_stack(tmp_path)
    (folder / COMPOSE).write_text("services:\n  collector: {build: .., command: collect}\n")
    (folder / "secrets").mkdir()
    assert all("plant.timezone" not in error for error in list_errors(folder))
