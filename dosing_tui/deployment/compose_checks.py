"""Whether compose.yaml and what it names fit together."""

import shutil
import subprocess
from collections.abc import Iterator

from dosing_tui.deployment.stack_folder import StackFolder, list_secrets
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.domain.quantities.quantity_text import count_noun

EVERY_ADDRESS = ("0.0.0.0", "::", "[::]")
_REPORT = ThemeReporter(CheckTheme.STACK)


def check_compose(stack: StackFolder) -> Iterator[CheckResult]:
    try:
        stack.compose  # noqa: B018  # read for its errors
    except (OSError, ValueError) as error:
        yield _REPORT.fail_check(
            "compose", f"compose.yaml cannot be used: {error}.", "Mend it, or take a new copy."
        )
        return
    yield from _check_variables(stack)
    yield from _check_references(stack)
    yield from _check_secrets(stack)
    yield _ask_compose(stack)


def _check_variables(stack: StackFolder) -> Iterator[CheckResult]:
    if not stack.has_variables:
        yield _REPORT.warn_of(
            "variables", "There is no .env: the values of .env.example are checked.", "cp .env.example .env"
        )
    missing = sorted(name for name in stack.needed_variables if not stack.variables.get(name))
    if missing:
        yield _REPORT.fail_check("variables", f".env does not set {', '.join(missing)}.", "See .env.example.")
    else:
        yield _REPORT.pass_check("variables", "Every variable is set.")
    for name in ("MQTT_BIND", "DATABASE_BIND", "GRAFANA_BIND"):
        if stack.variables.get(name) in EVERY_ADDRESS:
            yield _REPORT.warn_of(
                "ports",
                f"{name} is every network of this machine.",
                "Name the address in the plant's network; Docker's ports pass by ufw and firewalld.",
            )


def _check_references(stack: StackFolder) -> Iterator[CheckResult]:
    faults = list(_list_broken_references(stack))
    for fault in faults:
        yield _REPORT.fail_check("compose", fault, "Mend compose.yaml, or put the file there.")
    if not faults:
        count = len(stack.services)
        yield _REPORT.pass_check(
            "compose", f"{count_noun(count, 'service')}; all they mount, need and wait for is there."
        )


def _list_broken_references(stack: StackFolder) -> Iterator[str]:
    declared = stack.compose.get("secrets") or {}
    for name, service in stack.services.items():
        for mount in service.get("volumes") or []:
            source = str(mount).split(":")[0]
            if source.startswith("."):
                if not (stack.path / source).exists():
                    yield f"{name} mounts {source}, which does not exist."
            elif source not in (stack.compose.get("volumes") or {}):
                yield f"{name} mounts the volume {source}, which is not declared."
        for secret in list_secrets(service).values():
            if secret not in declared:
                yield f"{name} needs the secret {secret}, which is not declared."
        for other in service.get("depends_on") or {}:
            if other not in stack.services:
                yield f"{name} waits for {other}, which is no service."


def _check_secrets(stack: StackFolder) -> Iterator[CheckResult]:
    if not (stack.path / "secrets").is_dir():
        yield _REPORT.warn_of("passwords", "There are no passwords yet.", "./make-secrets")
        return
    files = {name: stack.path / secret.get("file", "") for name, secret in stack.compose["secrets"].items()}
    missing = sorted(name for name, path in files.items() if not path.is_file() or not path.stat().st_size)
    if missing:
        yield _REPORT.fail_check("passwords", f"Missing or empty: {', '.join(missing)}.", "./make-secrets")
    elif (stack.path / "secrets").stat().st_mode & 0o077:
        yield _REPORT.fail_check("passwords", "Others may enter the folder secrets.", "chmod 700 secrets")
    else:
        yield _REPORT.pass_check(
            "passwords", "Each secret has its file, in a folder that is closed to others."
        )


def _ask_compose(stack: StackFolder) -> CheckResult:
    docker = shutil.which("docker")
    if docker is None or subprocess.run((docker, "compose", "version"), capture_output=True).returncode:
        return _REPORT.skip_check("docker compose", "Docker Compose is not installed here.")
    done = subprocess.run(
        (docker, "compose", "config", "--quiet"), cwd=stack.path, capture_output=True, text=True
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return _REPORT.fail_check(
            "docker compose", f"It refuses the file: {reason}", "Mend compose.yaml or .env."
        )
    return _REPORT.pass_check("docker compose", "It accepts the file.")
