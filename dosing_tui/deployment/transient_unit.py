"""Runs 'doctor' under the service's conditions: a systemd unit that lasts as long as the command."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from dosing_tui.deployment.systemd_commands import refuse_foreign_folder
from dosing_tui.deployment.unit_files import STATE_FOLDER, ServicePlan, list_sandbox
from dosing_tui.errors import ConfigError

RUNNING_SYSTEMD = Path("/run/systemd/system")
"""There while systemd is this machine's first process."""
DOCTOR_STATUSES = (0, 1, 2, 3)
START_FAULTS = {
    203: "the program cannot be run", 216: "the account cannot be used", 217: "the account cannot be used",
    226: "its folders cannot be set up", 238: f"its folder in {STATE_FOLDER} cannot be used",
    243: "a password's file cannot be read",
}  # fmt: skip
"""systemd.exec(5): exit statuses of a unit whose process was never started."""
_OWN_FAULTS = ("Failed to ", "Unknown assignment", "System has not been booted")
"""How systemd-run begins; its status is then 1, as that of a doctor with warnings."""


def diagnose_service(plan: ServicePlan, unit: Path, arguments: tuple[str, ...]) -> int:
    """The doctor's exit status; its report goes to this process's own output. ``unit``: the service's file.

    Raises: ConfigError, if it cannot be run there.
    """
    _refuse_machine(plan.account)
    if not unit.exists():
        raise ConfigError(f"There is no service {plan.name} ({unit}): 'service install' creates it.")
    _refuse_bundle(plan.state_folder, arguments)
    # systemd would give it to the account, with all that is in it
    refuse_foreign_folder(plan.state_folder, plan.account)
    try:
        done = subprocess.run(
            build_doctor_command(plan, arguments), stderr=subprocess.PIPE, text=True, check=False
        )
    except OSError as error:
        raise ConfigError(f"systemd-run cannot be run: {error.strerror}.") from error
    faults = [line for line in done.stderr.splitlines() if line.startswith(_OWN_FAULTS)]
    if done.returncode == 1 and faults:
        raise _create_error(faults[-1].rstrip("."))
    sys.stderr.write(done.stderr)
    if done.returncode not in DOCTOR_STATUSES:
        fault = START_FAULTS.get(done.returncode, "it was ended")
        raise _create_error(f"{fault} (status {done.returncode})")
    return done.returncode


def build_doctor_command(plan: ServicePlan, arguments: tuple[str, ...]) -> list[str]:
    """With the properties of the service."""
    return [
        "systemd-run", "--quiet", "--wait", "--collect", "--pipe", "--service-type=exec",
        *(f"--property={line}" for line in list_sandbox(plan)),
        *plan.program.split(), "--config", str(plan.settings_path), "doctor", *arguments,
    ]  # fmt: skip


def _refuse_bundle(state_folder: Path, arguments: tuple[str, ...]) -> None:
    """Raises: ConfigError, for a file that the doctor cannot write, or only the doctor sees."""
    for position, word in enumerate(arguments):
        option, equals, value = word.partition("=")
        if option != "--bundle":
            continue
        file = value if equals else "".join(arguments[position + 1 : position + 2])
        if not Path(file).is_relative_to(state_folder):
            raise ConfigError(
                f"In the service's place the doctor writes to {state_folder} only:"
                f" --bundle {state_folder / 'support.zip'}"
            )


def _create_error(reason: str) -> ConfigError:
    return ConfigError(f"The doctor did not run in the service's place: {reason}. See: journalctl -e")


def _refuse_machine(account: str) -> None:
    """Raises: ConfigError, for what systemd-run would say less clearly."""
    if shutil.which("systemd-run") is None or not RUNNING_SYSTEMD.exists():
        raise ConfigError(
            "systemd does not run on this machine: use 'dosing-tui doctor', as the collector's account."
        )
    if os.geteuid() != 0:
        raise ConfigError("'service doctor' needs root: sudo dosing-tui --config FILE service doctor")
    try:
        pwd.getpwnam(account)
    except KeyError:
        raise ConfigError(
            f"There is no account {account}: 'service install' creates it; --account names another."
        ) from None
