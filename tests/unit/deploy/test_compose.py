"""The compose stack is whole in itself: what it names is there, and nothing in it is a default password."""

import os
import re
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from dosing_tui.cli.main import main
from dosing_tui.config.loader import load_settings
from tests.support.deploy.deploy_files import (
    FOLDER,
    VARIABLE,
    Service,
    list_services,
    list_users,
    read_compose,
    read_example,
    secrets_of,
)

PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*")
each = pytest.mark.parametrize(("name", "service"), list_services().items(), ids=list_services())
"""Each service in turn."""
OURS = [(name, each) for name, each in list_services().items() if "build" in each]
ours = pytest.mark.parametrize(("name", "service"), OURS, ids=[name for name, _ in OURS])
"""Each service that is this program."""


def test_every_yaml_file_can_be_read() -> None:
    found = [*FOLDER.rglob("*.yaml"), *FOLDER.rglob("*.yml")]
    assert found
    for path in found:
        assert yaml.safe_load(path.read_text())


@each
def test_images_are_pinned_to_a_patch_version(name: str, service: Service) -> None:
    assert service["image"] == "dosing-tui:local" or PINNED.fullmatch(service["image"])


def test_our_image_is_built_from_a_pinned_one_and_does_not_run_as_root() -> None:
    lines = (FOLDER / "Dockerfile").read_text().splitlines()
    assert all(PINNED.match(line.split()[1]) for line in lines if line.startswith("FROM "))
    assert [line for line in lines if line.startswith("USER ")] == ["USER dosing"]


def test_what_the_image_is_built_from_is_let_through_to_the_builder() -> None:
    root = FOLDER.parent
    let_through = {line[1:] for line in (root / ".dockerignore").read_text().split() if line[0] == "!"}
    copied = re.findall(r"^COPY (.+) \S+$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    assert sources == let_through
    assert all((root / source).exists() for source in sources)


@each
def test_volumes_and_files_that_are_mounted_exist(name: str, service: Service) -> None:
    for mount in service.get("volumes", []):
        source = mount.split(":")[0]
        if source.startswith("."):
            assert (FOLDER / source).exists(), mount
        else:
            assert source in read_compose()["volumes"], mount


@each
def test_services_wait_for_services_that_can_fulfil_the_condition(name: str, service: Service) -> None:
    for other, wait in service.get("depends_on", {}).items():
        awaited = list_services()[other]
        match wait["condition"]:
            case "service_healthy":
                assert "healthcheck" in awaited
            case condition:
                assert condition == "service_completed_successfully"
                assert awaited.get("restart", "on-failure:5") == "on-failure:5"  # it comes to an end


@each
def test_what_lasts_is_restarted_and_its_health_is_looked_at(name: str, service: Service) -> None:
    if service.get("restart", "on-failure:5") != "on-failure:5":
        assert "healthcheck" in service or "profiles" in service


def test_every_secret_is_used_and_every_one_that_is_used_is_declared() -> None:
    used = {secret for service in list_services().values() for secret in secrets_of(service).values()}
    assert used == set(read_compose()["secrets"])


def test_the_file_of_each_secret_bears_its_name_in_the_folder_that_is_not_committed() -> None:
    for name, secret in read_compose()["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    assert "secrets/" in (FOLDER / ".gitignore").read_text().split()


def test_no_variable_has_a_default_and_each_is_in_the_example() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    assert set(VARIABLE.findall(text)) == set(read_example())
    assert len(VARIABLE.findall(text)) == len(re.findall(r"\$\{\w+:\?[^}]+\}", text))


@each
def test_no_password_is_written_down(name: str, service: Service) -> None:
    for variable, value in service.get("environment", {}).items():
        if "PASSWORD" in variable:
            assert value.startswith("/run/secrets/")
            assert value.removeprefix("/run/secrets/") in secrets_of(service)


@each
def test_ports_are_bound_to_an_address_that_was_chosen(name: str, service: Service) -> None:
    assert all(re.fullmatch(r"\$\{\w+_BIND:\?.+\}:\d+:\d+", port) for port in service.get("ports", []))


def test_the_roles_need_no_secret_that_the_database_does_not_have() -> None:
    script = (FOLDER / "postgres" / "010_roles.sh").read_text()
    (roles,) = re.findall(r'^roles="(.+)"$', script, re.MULTILINE)
    assert set(roles.split()) <= set(secrets_of(list_services()["timescaledb"]))


@ours
def test_our_services_start_with_the_settings_they_are_given(
    name: str, service: Service, tmp_path: Path
) -> None:
    """As in the container: the settings file, the variables, and the secrets as credentials."""
    for target in secrets_of(service):
        (tmp_path / target).write_text("secret")
    settings = load_settings(
        FOLDER / "dosing-tui.toml", {**read_environment(service), "CREDENTIALS_DIRECTORY": str(tmp_path)}
    ).settings
    assert settings.plant.timezone == read_example()["DOSING_PLANT_TIMEZONE"]
    assert bool(settings.database.password) == ("database-password" in secrets_of(service))
    assert settings.mqtt.username in list_users()
    assert not settings.database.migrate


def read_environment(service: Service) -> dict[str, str]:
    """What Compose gives the container, where .env is the example."""
    return {
        name: re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: read_example()[found[1]], value)
        for name, value in service["environment"].items()
    }


@ours
def test_our_services_run_commands_that_there_are(name: str, service: Service) -> None:
    command, *arguments = arguments_of(service)
    parent = click.Context(
        main, **main.context_settings
    )  # a command keeps the help options it is first read with
    found = main.get_command(parent, command)
    assert found is not None
    found.make_context(command, arguments, parent=parent)


def arguments_of(service: Service) -> list[str]:
    return [argument.replace("$$", "$") for argument in service["command"]]


def test_grafana_finds_database_password_and_dashboards_where_the_provisioning_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, grafana = list_services()["provisioning"], list_services()["grafana"]
    for variable, text in read_environment(service).items():
        monkeypatch.setenv(variable, text)
    arguments = [a.replace("/provisioning", str(tmp_path), 1) for a in arguments_of(service)]
    done = CliRunner().invoke(main, ["--config", str(FOLDER / "dosing-tui.toml"), *arguments])
    assert done.exit_code == 0, done.output
    (source,) = yaml.safe_load((tmp_path / "datasources" / "dosing.yaml").read_text())["datasources"]
    assert source["url"].split(":")[0] in list_services()
    assert source["user"] == secrets_of(grafana)["database-password"] == "dosing_viewer"
    assert source["secureJsonData"]["password"] == "$__file{/run/secrets/database-password}"
    (provider,) = yaml.safe_load((tmp_path / "dashboards" / "dosing.yaml").read_text())["providers"]
    mounts = [mount.split(":") for mount in grafana["volumes"]]
    (inside,) = [mount[1] for mount in mounts if mount[0] == "grafana-provisioning"]
    assert list((tmp_path / Path(provider["options"]["path"]).relative_to(inside)).glob("*.json"))


def test_no_role_is_made_without_a_password(tmp_path: Path) -> None:
    script = FOLDER / "postgres" / "010_roles.sh"
    done = subprocess.run((script,), env={"SECRETS": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}/dosing_owner holds no password: run ./make-secrets.\n"


def test_scripts_are_ones_that_a_shell_can_read_and_run() -> None:
    for script in (FOLDER / "make-secrets", FOLDER / "postgres" / "010_roles.sh"):
        assert os.access(script, os.X_OK)
        subprocess.run(("sh", "-n", script), check=True)
