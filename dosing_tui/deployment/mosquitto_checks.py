"""Whether the stack's broker would start, and knows those who connect."""

import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dosing_tui.config.settings import Settings
from dosing_tui.deployment.stack_folder import StackFolder
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.ipc.local_servers import find_free_port, find_mosquitto

CONFIG_FOLDER = "/mosquitto/config/"
IMAGE_USER = 1883
"""Number of Mosquitto's user and group in its image."""
CERTIFICATE_WARN_DAYS = 30
START_S = 10.0
_REPORT = ThemeReporter(CheckTheme.BROKER)


def check_mosquitto(stack: StackFolder, settings: Settings | None) -> Iterator[CheckResult]:
    yield from _check_accounts(stack, settings)
    options = _read_options(stack)
    certificate, key = options.get("certfile"), options.get("keyfile")
    if certificate and key:
        yield from _check_certificate(_map_path(stack, certificate), _map_path(stack, key))
    else:
        yield _REPORT.warn_of(
            "encryption", "The broker has no TLS: passwords cross the network in clear text.",
            "Keep it in a network of the plant's own, or see TLS in README.md.",
        )  # fmt: skip
    yield _try_configuration(stack)


def _check_accounts(stack: StackFolder, settings: Settings | None) -> Iterator[CheckResult]:
    users = stack.broker_users
    wanted = {settings.mqtt.username, *settings.plant.devices} if settings else set()
    unknown = sorted(wanted.difference(users))
    if unknown:
        yield _REPORT.fail_check(
            "accounts", f"mosquitto/acl has no block for {', '.join(unknown)}, which dosing-tui.toml names.",
            "Write the block, run ./make-secrets, then: docker compose kill -s HUP mosquitto",
        )  # fmt: skip
    passwords = stack.path / "secrets" / "mosquitto_passwd"
    if passwords.is_file():
        known = {line.split(":")[0] for line in passwords.read_text(encoding="utf-8").splitlines()}
        if without := sorted(set(users) - known):
            yield _REPORT.fail_check("accounts", f"No password: {', '.join(without)}.", "./make-secrets")
            return
    if not unknown:
        yield _REPORT.pass_check(
            "accounts", f"{count_noun(len(users), 'account')}, all stations of the settings among them."
        )


def _read_options(stack: StackFolder) -> dict[str, str]:
    """The last value of each option that is in force."""
    lines = stack.read_file("mosquitto/mosquitto.conf").splitlines()
    pairs = [line.split(None, 1) for line in lines if line.strip() and not line.startswith("#")]
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}


def _map_path(stack: StackFolder, inside: str) -> Path:
    return stack.path / "mosquitto" / inside.removeprefix(CONFIG_FOLDER)


def _check_certificate(certificate: Path, key: Path) -> Iterator[CheckResult]:
    try:
        ends = _read_end(certificate)
        status = key.stat()
    except (OSError, ValueError) as error:
        yield _REPORT.fail_check("encryption", f"Certificate or key: {error}.", "./make-certificates NAME…")
        return
    days = (ends - datetime.now(UTC)).days
    text = f"The broker's certificate ends in {days} days, on {ends:%Y-%m-%d}."
    if days < CERTIFICATE_WARN_DAYS:
        yield _REPORT.warn_of("encryption", text, "Run ./make-certificates again, then restart mosquitto.")
    else:
        yield _REPORT.pass_check("encryption", text)
    mode = status.st_mode
    is_owned = status.st_uid == IMAGE_USER and mode & 0o400
    if is_owned or (status.st_gid == IMAGE_USER and mode & 0o040) or mode & 0o004:
        yield _REPORT.pass_check("key", "Mosquitto's user can read the key.")
    else:
        yield _REPORT.fail_check(
            "key", f"{key.name} is not readable by Mosquitto's user ({IMAGE_USER}), as whom it reads it.",
            f"sudo chown {IMAGE_USER}:{IMAGE_USER} {key}; sudo chmod 0440 {key}",
        )  # fmt: skip


def _read_end(certificate: Path) -> datetime:
    """Raises: OSError, ValueError."""
    command = ("openssl", "x509", "-noout", "-enddate", "-in", str(certificate))
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"{certificate.name} is not a certificate in PEM format")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(done.stdout.strip().partition("=")[2]), UTC)


def _try_configuration(stack: StackFolder) -> CheckResult:
    """Starts a broker with it, on free ports of the loopback, without the certificates' listener."""
    program = find_mosquitto()
    if program is None:
        return _REPORT.skip_check("configuration", "Mosquitto is not installed here.")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "acl").write_text(stack.read_file("mosquitto/acl"), encoding="utf-8")
        (place / "passwords").write_text("", encoding="utf-8")
        (place / "mosquitto.conf").write_text(_adapt_configuration(stack, place), encoding="utf-8")
        reason = _start_shortly(str(program), place)
    if reason:
        return _REPORT.fail_check(
            "configuration", f"Mosquitto refuses it: {reason}", "Mend mosquitto.conf or acl."
        )
    return _REPORT.pass_check("configuration", "Mosquitto starts with mosquitto.conf and acl.")


def _adapt_configuration(stack: StackFolder, place: Path) -> str:
    """Ports and files of this machine in place of the container's."""
    values = {
        "password_file": str(place / "passwords"), "acl_file": str(place / "acl"),
        "persistence": "false", "log_dest": "stderr",
    }  # fmt: skip
    lines = []
    for line in stack.read_file("mosquitto/mosquitto.conf").splitlines():
        option = line.split(None, 1)[0] if line.strip() else ""
        if option in ("certfile", "keyfile", "cafile"):  # checked by themselves
            continue
        if option == "listener":
            lines.append(f"listener {find_free_port()} 127.0.0.1")
        else:
            lines.append(f"{option} {values[option]}" if option in values else line)
    return "\n".join([*lines, ""])


def _start_shortly(program: str, place: Path) -> str:
    """Why it does not start; '' if it does."""
    log = place / "log"
    with log.open("wb") as output:
        process = subprocess.Popen((program, "-c", place / "mosquitto.conf"), stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            if " running" in log.read_text(errors="replace"):
                return ""
            time.sleep(0.02)
    finally:
        process.kill()  # it has nothing to save, and may miss a SIGTERM right after its start
        process.wait()
    faults = [line for line in log.read_text(errors="replace").splitlines() if "Error" in line]
    return faults[0].split(": ", 1)[-1] if faults else "it does not say why"
