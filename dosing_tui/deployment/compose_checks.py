"""Whether compose.yaml and what it names fit together."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dosing_tui.deployment.compose.compose_service import ComposeService
from dosing_tui.deployment.stack_folder import StackFolder
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.domain.quantities.quantity_text import count_noun

EVERY_ADDRESS = ("", "0.0.0.0", "::", "[::]")
_REPORT = ThemeReporter(CheckTheme.STACK)


def check_compose(stack: StackFolder) -> Iterator[CheckResult]:
    try:
        stack.project  # noqa: B018  # read for its errors
    except (OSError, ValueError) as error:
        yield _REPORT.fail_check(
            "compose", f"compose.yaml cannot be used: {error}.", "Mend it, or take a new copy."
        )
        return
    yield from _check_variables(stack)
    yield from _check_ports(stack)
    yield from _check_references(stack)
    yield from _check_secrets(stack)
    yield _ask_compose(stack)


def _check_variables(stack: StackFolder) -> Iterator[CheckResult]:
    if not stack.has_variables:
        yield _REPORT.warn_of(
            "variables", "There is no .env: the values of .env.example are checked.", "cp .env.example .env"
        )
    missing, empty = sorted(stack.expansion.missing), sorted(stack.expansion.empty)
    if missing:
        yield _REPORT.fail_check("variables", f".env does not set {', '.join(missing)}.", "See .env.example.")
    if empty:
        yield _REPORT.warn_of(
            "variables", f".env does not set {', '.join(empty)}: Compose takes an empty text.",
            "Set it, or give a default in compose.yaml: ${NAME:-default}.",
        )  # fmt: skip
    if not missing and not empty:
        yield _REPORT.pass_check("variables", "Every variable is set.")


def _check_ports(stack: StackFolder) -> Iterator[CheckResult]:
    for name, service in stack.services.items():
        for one in service.ports if stack.starts_service(service) else ():
            if one.address in EVERY_ADDRESS:
                yield _REPORT.warn_of(
                    "ports",
                    f"{name} publishes port {one.port} on every network of this machine.",
                    "Name the address in the plant's network; Docker's ports pass by ufw and firewalld.",
                )


def _check_references(stack: StackFolder) -> Iterator[CheckResult]:
    has_faults = False
    for name, service in stack.services.items():
        for fault in _list_broken_references(stack, service):
            has_faults, text = True, f"{name} {fault}"
            if stack.starts_service(service):
                yield _REPORT.fail_check("compose", text, "Mend compose.yaml, or put the file there.")
            else:
                yield _REPORT.warn_of("compose", text, "Mend compose.yaml before its profile is used.")
    if not has_faults:
        yield _REPORT.pass_check(
            "compose",
            f"{count_noun(len(stack.services), 'service')}; all they mount, need and wait for is there.",
        )


def _list_broken_references(stack: StackFolder, service: ComposeService) -> Iterator[str]:
    project = stack.project
    for mount in service.mounts.values():
        # an absolute path is the server's, which need not be this machine
        if mount.path and not Path(mount.source).expanduser().is_absolute() and not mount.path.exists():
            yield f"mounts {mount.source}, which does not exist."
        if not mount.path and not project.has_includes and mount.source not in project.volumes:
            yield f"mounts the volume {mount.source}, which is not declared."
    for name in service.missing_files:
        yield f"reads {name}, which does not exist."
    if project.has_includes:
        return
    for secret in service.secrets.values():
        if secret not in project.secrets:
            yield f"needs the secret {secret}, which is not declared."
    for other in service.waits_for:
        if other not in stack.services:
            yield f"waits for {other}, which is not a service."


def _check_secrets(stack: StackFolder) -> Iterator[CheckResult]:
    files = {name: path for name, path in stack.project.secrets.items() if path}
    if not files:
        yield _REPORT.skip_check("passwords", "compose.yaml names no files with passwords.")
        return
    if not any(path.exists() for path in files.values()):
        yield _REPORT.warn_of("passwords", "There are no passwords yet.", "./make-secrets")
        return
    missing = sorted(name for name, path in files.items() if not path.is_file() or not path.stat().st_size)
    if missing:
        yield _REPORT.fail_check("passwords", f"Missing or empty: {', '.join(missing)}.", "./make-secrets")
    elif open_folders := sorted(
        {path.parent for path in files.values() if path.parent.stat().st_mode & 0o077}
    ):
        yield _REPORT.fail_check(
            "passwords", f"Others may enter the folder {open_folders[0].name}.",
            f"chmod 700 {open_folders[0].name}",
        )  # fmt: skip
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
