"""A Mosquitto that asks for an account and speaks TLS, with certificates made for one test."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.mqtt_broker import find_free_port, find_mosquitto

USER, PASSWORD = "dosing", "right"
CONF = """per_listener_settings false
listener {plain} 127.0.0.1
listener {tls} 127.0.0.1
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
"""
ACL = f"user {USER}\ntopic readwrite factory/#\n"


@dataclass(frozen=True, slots=True)
class GuardedBroker:
    """``plain`` and ``tls`` are settings that work, but for the account."""

    folder: Path
    plain: MqttSettings
    tls: MqttSettings


@contextmanager
def run_guarded_broker(folder: Path) -> Iterator[GuardedBroker]:
    plain, tls = find_free_port(), find_free_port()
    create_certificates(folder)
    (folder / "passwords").touch(mode=0o644)
    _run_command("mosquitto_passwd", "-b", folder / "passwords", USER, PASSWORD)
    (folder / "acl").write_text(ACL)
    (folder / "mosquitto.conf").write_text(CONF.format(plain=plain, tls=tls, folder=folder))
    for path in folder.iterdir():
        path.chmod(0o644)
    program = find_mosquitto()
    assert program
    command = (program, "-c", folder / "mosquitto.conf")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield GuardedBroker(
            folder,
            MqttSettings(host="127.0.0.1", port=plain),
            MqttSettings(host="localhost", port=tls, tls=True, ca_file=str(folder / "ca.crt")),
        )
    finally:
        process.terminate()
        process.wait(10)


def create_certificates(folder: Path) -> None:
    for name in ("ca", "stranger"):
        _run_command(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout",
            folder / f"{name}.key",
            "-out",
            folder / f"{name}.crt",
        )
    _run_command("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-keyout", folder / "server.key", "-out", folder / "server.csr")  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    _run_command(
        "openssl",
        "x509",
        "-req",
        "-in",
        folder / "server.csr",
        "-CA",
        folder / "ca.crt",
        "-days",
        "2",
        "-CAkey",
        folder / "ca.key",
        "-CAcreateserial",
        "-extfile",
        folder / "names",
        "-out",
        folder / "server.crt",
    )


def _run_command(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
