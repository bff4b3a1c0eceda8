"""A Mosquitto with an account, and listeners with certificates that end soon, late or have ended."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.mqtt_broker import find_free_port, find_mosquitto

USER, PASSWORD = "collector", "kept-to-itself"
VALID_DAYS = {"good": 365, "soon": 5, "ended": 0}
"""Name of each certificate -> days for which it is valid."""


@dataclass(frozen=True, slots=True)
class DoctorBroker:
    plain: MqttSettings
    tls: dict[str, MqttSettings]
    """By the name of the certificate."""


@contextmanager
def run_doctor_broker(folder: Path) -> Iterator[DoctorBroker]:
    ports = {name: find_free_port() for name in ("plain", *VALID_DAYS)}
    create_certificates(folder)
    run_openssl_command("mosquitto_passwd", "-b", "-c", folder / "passwords", USER, PASSWORD)
    (folder / "mosquitto.conf").write_text("\n".join(list_lines(folder, ports)))
    for path in folder.iterdir():
        path.chmod(0o644)
    command = (str(find_mosquitto()), "-c", str(folder / "mosquitto.conf"))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield DoctorBroker(
            MqttSettings(host="127.0.0.1", port=ports["plain"], username=USER, password=PASSWORD),
            {
                name: MqttSettings(
                    host="localhost", port=ports[name], tls=True, ca_file=str(folder / "ca.crt"),
                    username=USER, password=PASSWORD,
                )
                for name in VALID_DAYS
            },
        )  # fmt: skip
    finally:
        process.terminate()
        process.wait(10)


def list_lines(folder: Path, ports: dict[str, int]) -> list[str]:
    lines = [
        "per_listener_settings false", "allow_anonymous false", f"password_file {folder}/passwords",
        "sys_interval 1", f"listener {ports['plain']} 127.0.0.1",
    ]  # fmt: skip
    for name in VALID_DAYS:
        lines += [
            f"listener {ports[name]} 127.0.0.1",
            f"cafile {folder}/ca.crt",
            f"certfile {folder}/{name}.crt",
            f"keyfile {folder}/server.key",
        ]
    return [*lines, ""]


def create_certificates(folder: Path) -> None:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run_openssl_command(
        "openssl", "req", "-x509", *curve, "-days", "400", "-subj", "/CN=ca",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        "-keyout", folder / "ca.key", "-out", folder / "ca.crt",
    )  # fmt: skip
    run_openssl_command(
        "openssl", "req", *curve, "-subj", "/CN=localhost",
        "-keyout", folder / "server.key", "-out", folder / "server.csr",
    )  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    for name, days in VALID_DAYS.items():
        run_openssl_command(
            "openssl", "x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.crt",
            "-CAkey", folder / "ca.key", "-CAcreateserial", "-extfile", folder / "names",
            "-days", str(days), "-out", folder / f"{name}.crt",
        )  # fmt: skip


def run_openssl_command(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
