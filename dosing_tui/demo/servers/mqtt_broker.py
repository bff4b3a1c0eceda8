"""An own MQTT broker on 127.0.0.1: Mosquitto where it is installed, else amqtt, enough for a demo.

amqtt, measured: MQTT 3.1.1 only; no persistence; queues only for clients with a user name; loses some
unacknowledged messages when a consumer dies. The guarantee of no loss requires Mosquitto.
"""

import logging
import os
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import pbkdf2_hmac
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL, SIGTERM

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.child_processes import (
    ServiceAccount,
    find_first_account,
    spawn_child,
    stop_process,
)
from dosing_tui.demo.servers.folders import make_reachable_folder
from dosing_tui.demo.servers.postgres_binaries import COPIES
from dosing_tui.errors import DemoError
from dosing_tui.ipc.local_servers import LOOPBACK as HOST
from dosing_tui.ipc.local_servers import find_free_port as find_free_port
from dosing_tui.ipc.local_servers import find_mosquitto as find_mosquitto

USER = "demo"
PASSWORD_VARIABLE = "DEMO_BROKER_PASSWORD"
"""Environment variable with which amqtt's process gets the password."""
HASH_ROUNDS = 1_000
START_TIMEOUT_S = 20.0
STOP_SIGNALS = ((SIGTERM, 10.0), (SIGKILL, 5.0))
MOSQUITTO_CONF = """\
per_listener_settings false
listener {port} {host}
{access}
persistence true
persistence_location {folder}/
autosave_interval 5
persistent_client_expiration 30d
max_queued_messages 500000
max_queued_bytes 268435456
max_inflight_messages 1000
queue_qos0_messages true
max_packet_size 65536
set_tcp_nodelay true
sys_interval 5
log_dest stdout
log_timestamp_format %Y-%m-%dT%H:%M:%S
"""
INSTALL_HINT = (
    "No MQTT broker found for the demo. "
    "Install Mosquitto, or the extra that brings one: pip install 'dosing-tui[demo]'."
)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class EmbeddedBroker:
    """``name`` is 'Mosquitto', or 'amqtt (demo only)'. ``username`` is '' for an anonymous broker."""

    name: str
    host: str
    port: int
    username: str
    password: str = field(repr=False)
    _command: Sequence[str | Path]
    _log: Path
    _account: ServiceAccount | None = None
    _env: Mapping[str, str] = field(default_factory=dict, repr=False)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> MqttSettings:
        return MqttSettings(host=self.host, port=self.port, username=self.username, password=self.password)

    @property
    def pid(self) -> int:
        """The broker's process id; 0 while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def start(self) -> "EmbeddedBroker":
        """Start on the same port and folder as before. Returns itself.

        Raises: DemoError.
        """
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            self._process = spawn_child(
                self._command, output=output, death_signal=SIGTERM, account=self._account, env=self._env
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _can_connect(self.port, self.username, self.password):
            if not self.pid or time.monotonic() > deadline:
                self.stop()
                raise DemoError(f"{self.name} does not start: {_read_last_line(self._log)} See {self._log}.")
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        """Stop cleanly: Mosquitto writes its queues to disk. No effect if it does not run."""
        if self._process:
            stop_process(self._process, *STOP_SIGNALS)
            self._process = None

    def kill(self) -> None:
        """Kill the process like a crash: unsaved data is lost."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()


def start_broker(folder: Path, port: int | None = None, *, password: str = "") -> EmbeddedBroker:
    """Start Mosquitto, else amqtt, with data and log in ``folder``, on a free port unless one is given.

    With a password, nobody but ``USER`` is let in.

    Raises: DemoError.
    """
    port = port or find_free_port()
    program, amqtt = find_mosquitto(), find_spec("amqtt") is not None
    if program:
        try:
            return _configure_mosquitto(program, folder, port, password).start()
        except DemoError as error:
            if not amqtt:
                raise
            # on some systems a packaged Mosquitto may not read the folders of users
            log.warning("amqtt is used instead: %s", error)
    if not amqtt:
        raise DemoError(INSTALL_HINT)
    return _configure_amqtt(folder, port, password).start()


def _configure_mosquitto(program: Path, folder: Path, port: int, password: str) -> EmbeddedBroker:
    account = find_first_account(("mosquitto", "nobody")) if os.geteuid() == 0 else None
    home = (make_reachable_folder(folder, account, COPIES) if account else folder) / "mosquitto"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    configuration, passwords = home / "mosquitto.conf", home / "passwords"
    passwords.touch(mode=0o600)
    passwords.write_text(f"{USER}:{_hash_password(password)}\n")
    access = f"allow_anonymous false\npassword_file {passwords}" if password else "allow_anonymous true"
    configuration.write_text(MOSQUITTO_CONF.format(port=port, host=HOST, folder=home, access=access))
    if account:
        for path in (home, configuration, passwords):
            os.chown(path, account.uid, account.gid)
    command = (program, "-c", configuration)
    user = USER if password else ""
    return EmbeddedBroker("Mosquitto", HOST, port, user, password, command, folder / "mosquitto.log", account)


def _hash_password(password: str) -> str:
    """As mosquitto_passwd does, which is not in every package: PBKDF2 with SHA-512."""
    salt = os.urandom(12)
    digest = pbkdf2_hmac("sha512", password.encode(), salt, HASH_ROUNDS)
    return f"$7${HASH_ROUNDS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def _configure_amqtt(folder: Path, port: int, password: str) -> EmbeddedBroker:
    # by its path, and -P: a checkout that is not installed works as well, and nothing here hides a library
    command = (sys.executable, "-P", Path(__file__).with_name("amqtt_broker.py"), str(port))
    env = {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        PASSWORD_VARIABLE: password,
    }
    return EmbeddedBroker(
        "amqtt (demo only)", HOST, port, USER, password, command, folder / "amqtt.log", None, env
    )


def _can_connect(port: int, username: str, password: str) -> bool:
    """Send a CONNECT (MQTT 3.1.1, clean session): True if the broker accepts it."""
    fields = [text.encode() for text in (username, password) if text]
    payload = b"\0\5probe" + b"".join(len(text).to_bytes(2) + text for text in fields)
    flags = (b"\x02", b"\x82", b"\xc2")[len(fields)]
    body = b"\0\4MQTT\4" + flags + b"\0\x0a" + payload
    with suppress(OSError), socket.create_connection((HOST, port), timeout=2.0) as link:
        link.sendall(b"\x10" + bytes([len(body)]) + body)
        accepted = link.recv(4) == b"\x20\x02\0\0"
        link.sendall(b"\xe0\0")
        return accepted
    return False


def _read_last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "its log is empty."
