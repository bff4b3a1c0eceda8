"""Faults set up one by one on real servers: the doctor names each in one line, and no other."""

import re
import socket
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from msgspec import structs
from msgspec.structs import replace
from paho.mqtt import publish

from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.settings import CollectorSettings, Settings
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from dosing_tui.doctor.checks.check_result import CheckResult, Diagnosis
from dosing_tui.doctor.report_format import render_text
from tests.support.database.pgbouncer import StartPooler
from tests.support.database.reading_samples import DOSE
from tests.support.database.schema_inspection import execute_statements
from tests.support.doctor.diagnosed_plant import (
    GOOD_TERMINAL,
    DiagnosedPlant,
    list_faults,
    write_rows,
)
from tests.support.doctor.tls_broker import PASSWORD, USER
from tests.support.mqtt.broker_proxy import RefuseTopic, run_broker_proxy

SIGN_AS = "ALTER FUNCTION enter_review(text, text, text, text, text, bigint, text, text) OWNER TO "
RUN_MAINTENANCE = "Run dosing-tui maintain run as the tables' owner, each week by a timer."


class NeedsRootError(Exception):
    """This account cannot make the fault."""


@dataclass(frozen=True)
class ProvokedFault:
    """``set_up`` makes the fault in the plant, within the stack, and examines it."""

    subject: str
    text: str
    remedy: str
    set_up: Callable[[DiagnosedPlant, ExitStack], Diagnosis]


def change_database(plant: DiagnosedPlant, stack: ExitStack, statement: str, undo: str) -> Diagnosis:
    stack.callback(execute_statements, plant.database.dsn, undo)
    execute_statements(plant.database.dsn, statement)
    return plant.examine()


def use_refusing_broker(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    proxy = stack.enter_context(run_broker_proxy(plant.settings.mqtt.port, on_broker=RefuseTopic(place=1)))
    # the second SUBSCRIBE, for $SYS, has two topics, too
    return plant.examine(plant.change_mqtt(port=proxy.port))


def retain_message(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    def send(payload: bytes) -> None:
        publish.single(
            "factory/batch/events", payload, retain=True, hostname="127.0.0.1", qos=1,
            port=plant.settings.mqtt.port, auth={"username": USER, "password": PASSWORD},
        )  # fmt: skip

    stack.callback(send, b"")
    send(b"{}")
    return plant.examine()


@contextmanager
def serve_no_mqtt() -> Iterator[int]:
    class HttpHandler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HttpHandler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@contextmanager
def serve_silence() -> Iterator[int]:
    """As a broker that hangs: the system takes connections in its name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def use_hanging_broker(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    return plant.examine(plant.change_mqtt(port=stack.enter_context(serve_silence())))


def use_no_mqtt(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    return plant.examine(plant.change_mqtt(port=stack.enter_context(serve_no_mqtt())))


def set_station_clock_back(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    """Six doses of a station whose clock is an hour behind."""
    now = datetime.now(UTC)
    received = [now - timedelta(seconds=15 * number) for number in range(6, 0, -1)]
    write_rows(
        plant.settings,
        [
            structs.replace(DOSE, device_id="slow_station", time=at - timedelta(hours=1), received_at=at)
            for at in received
        ],
    )
    stack.callback(
        execute_statements,
        plant.database.dsn,
        "DELETE FROM dosing_consumption WHERE device_id = 'slow_station'",
    )
    return plant.examine()


def write_as_telegraf(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    stack.enter_context(psycopg.connect(plant.database.dsn, application_name="telegraf"))
    return plant.examine()


def fill_small_disk(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    folder = Path(plant.settings.collector.spool_dir).parent / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        raise NeedsRootError
    stack.callback(subprocess.run, ["umount", "--lazy", str(folder)], check=True)
    folder.chmod(0o700)
    return plant.examine(with_spool(plant.settings, folder))


def with_spool(settings: Settings, folder: Path, max_mb: int = 64) -> Settings:
    return replace(settings, collector=CollectorSettings(spool_dir=str(folder), spool_max_mb=max_mb))


def open_spool_folder(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    folder = get_spool_folder(plant.settings)
    stack.callback(folder.chmod, 0o700)
    folder.chmod(0o777)
    return plant.examine()


def damage_spool(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    path = get_spool_folder(plant.settings) / "spool.sqlite"
    content = path.read_bytes()
    stack.callback(path.write_bytes, content)
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))
    return plant.examine()


def set_damaged_spool_aside(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    kept = get_spool_folder(plant.settings) / "spool.sqlite.damaged-20261129T100000"
    stack.callback(kept.unlink)
    kept.write_bytes(b"")
    return plant.examine()


def put_spool_beside_its_folder(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    stray = get_spool_folder(plant.settings).parent / "spool.sqlite"
    stack.callback(stray.unlink)
    stray.write_bytes(b"")
    return plant.examine()


def close_channel(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    channel = NotificationSettings(name="control-room", url=f"http://127.0.0.1:{find_free_port()}/")
    return plant.examine(replace(plant.settings, notifications=(channel,)), notify=True)


def end_collector(plant: DiagnosedPlant, stack: ExitStack) -> Diagnosis:
    site = replace(plant.settings, plant=replace(plant.settings.plant, site="other"))
    return plant.examine(with_spool(site, Path(site.collector.spool_dir)))


FAULTS = {
    "broker stopped": ProvokedFault(
        "broker: connection", "cannot be reached: connection refused", "Start the broker",
        lambda plant, stack: plant.examine(plant.change_mqtt(port=find_free_port())),
    ),
    "broker unknown": ProvokedFault(
        "broker: connection", "name or service not known", "correct mqtt.host",
        lambda plant, stack: plant.examine(plant.change_mqtt(host="broker.invalid")),
    ),
    "wrong broker password": ProvokedFault(
        "broker: connection", "refuses this client: not authorized", "mqtt.password_file",
        lambda plant, stack: plant.examine(plant.change_mqtt(password="wrong")),
    ),
    "port does not speak MQTT": ProvokedFault(
        "broker: connection", "does not answer as an MQTT broker", "mqtt.transport", use_no_mqtt
    ),
    "broker hangs": ProvokedFault(
        "broker: connection", "answers nothing: it hangs", "Restart a broker that hangs", use_hanging_broker
    ),
    "expired certificate": ProvokedFault(
        "broker: connection", "certificate has expired", "Renew the certificate",
        lambda plant, stack: plant.examine(plant.use_mqtt(plant.broker.tls["ended"])),
    ),
    "certificate ends soon": ProvokedFault(
        "broker: encryption", "ends in 4 days", "Renew the broker's certificate",
        lambda plant, stack: plant.examine(plant.use_mqtt(plant.broker.tls["soon"])),
    ),
    "unknown authority": ProvokedFault(
        "broker: connection", "is not trusted", "mqtt.ca_file",
        lambda plant, stack: plant.examine(
            plant.use_mqtt(replace(plant.broker.tls["good"], ca_file=""))
        ),
    ),
    "refused topic": ProvokedFault(
        "broker: topic", "does not let account 'collector' read factory/batch/events",
        "topic read factory/batch/events", use_refusing_broker,
    ),
    "retained message": ProvokedFault(
        "broker: retained", "factory/batch/events has a retained message", "mosquitto_pub -r -n",
        retain_message,
    ),
    "wrong database": ProvokedFault(
        "database: session", "There is no database nowhere", "dbname in database.dsn",
        lambda plant, stack: plant.examine(
            plant.change_dsn(f"{plant.settings.database.dsn} dbname=nowhere")
        ),
    ),
    "connection string": ProvokedFault(
        "database: session", "is not a libpq connection string", "Correct database.dsn",
        lambda plant, stack: plant.examine(plant.change_dsn("hots=plant")),
    ),
    "unknown service": ProvokedFault(
        "database: session", "service of database.dsn is unknown", "Correct service in database.dsn",
        lambda plant, stack: plant.examine(plant.change_dsn("service=nowhere")),
    ),
    "missing right": ProvokedFault(
        "database: rights", "lacks INSERT on batch_events", "rights.sql",
        lambda plant, stack: change_database(
            plant, stack, "REVOKE INSERT ON batch_events FROM dosing_writer",
            "GRANT INSERT ON batch_events TO dosing_writer",
        ),
    ),
    "signing": ProvokedFault(
        "database: signatures", "signed with the rights of", "CREATE ROLE dosing_auditor",
        lambda plant, stack: change_database(
            plant, stack, SIGN_AS + "CURRENT_USER", SIGN_AS + "dosing_auditor"
        ),
    ),
    "open right": ProvokedFault(
        "database: open rights", "Every role may hold advisory locks", "database.sql",
        lambda plant, stack: change_database(
            plant, stack, "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC",
            "REVOKE EXECUTE ON FUNCTION pg_advisory_lock(bigint) FROM PUBLIC",
        ),
    ),
    "read-only": ProvokedFault(
        "database: writing", "read-only", "default_transaction_read_only",
        lambda plant, stack: change_database(
            plant, stack, "ALTER ROLE dosing_writer SET default_transaction_read_only = on",
            "ALTER ROLE dosing_writer RESET default_transaction_read_only",
        ),
    ),
    "migration missing": ProvokedFault(
        "database: schema", "any/0034_grafana_names missing", "dosing-tui migrate, as dosing_owner",
        lambda plant, stack: change_database(
            plant, stack,
            "CREATE TABLE hidden AS SELECT * FROM schema_migrations WHERE name = 'any/0034_grafana_names';"
            " DELETE FROM schema_migrations WHERE name = 'any/0034_grafana_names'",
            "INSERT INTO schema_migrations SELECT * FROM hidden; DROP TABLE hidden",
        ),
    ),
    "newer schema": ProvokedFault(
        "database: schema", "newer than this program", "Update dosing-tui",
        lambda plant, stack: change_database(
            plant, stack,
            "INSERT INTO schema_migrations VALUES ('any/0049_future', 'x', 'plain')",
            "DELETE FROM schema_migrations WHERE name = 'any/0049_future'",
        ),
    ),
    "other limits": ProvokedFault(
        "database: limits", "limits/stock_low", "dosing-tui migrate, as dosing_owner",
        lambda plant, stack: plant.examine(
            replace(plant.settings, limits=replace(plant.settings.limits, stock_low_percent=12.0))
        ),
    ),
    "other retention": ProvokedFault(
        "database: limits", "retention/batch_events", "dosing-tui migrate",
        lambda plant, stack: plant.examine(
            replace(plant.settings, retention=replace(plant.settings.retention, readings_days=120))
        ),
    ),
    "maintenance does not run": ProvokedFault(
        "maintenance: partitions", "Next week has no partition of batch_events", RUN_MAINTENANCE,
        lambda plant, stack: change_database(
            plant, stack,
            "DO $$ BEGIN EXECUTE 'ALTER TABLE batch_events_p' || to_char(date_bin('168 hours',"
            " now() + INTERVAL '7 days', '2000-01-03 00:00:00+00') AT TIME ZONE 'UTC', 'YYYYMMDD')"
            " || ' RENAME TO hidden_week'; END $$",
            "DO $$ BEGIN EXECUTE 'ALTER TABLE hidden_week RENAME TO batch_events_p' || to_char("
            "date_bin('168 hours', now() + INTERVAL '7 days', '2000-01-03 00:00:00+00')"
            " AT TIME ZONE 'UTC', 'YYYYMMDD'); END $$",
        ),
    ),
    "retention not applied": ProvokedFault(
        "maintenance: retention", "Rows of batch_events are older", RUN_MAINTENANCE,
        lambda plant, stack: change_database(
            plant, stack,
            "INSERT INTO batch_events (time, device_id, event)"
            " VALUES (now() - INTERVAL '200 days', 'old', 'start')",
            "DELETE FROM batch_events WHERE device_id = 'old'",
        ),
    ),
    "topic never delivered": ProvokedFault(
        "broker: deliveries", "factory/batch/events never delivered", "an ACL file refuses silently",
        lambda plant, stack: change_database(
            plant, stack,
            "CREATE TABLE kept AS SELECT * FROM batch_events; DELETE FROM batch_events",
            "INSERT INTO batch_events SELECT * FROM kept; DROP TABLE kept",
        ),
    ),
    "second writer": ProvokedFault(
        "collector: other writers", "telegraf .* may be counted twice", "Stop its dosing inputs",
        write_as_telegraf,
    ),
    "nobody collects": ProvokedFault(
        "collector: lease", "No process has ever collected for site other", "systemctl start dosing-tui",
        end_collector,
    ),
    "station's clock": ProvokedFault(
        "stations: clock", "Clock of station slow_station is 1 h behind", "NTP",
        set_station_clock_back,
    ),
    "full disk": ProvokedFault("spool: disk", "has only .* free", "Make room", fill_small_disk),
    "small disk": ProvokedFault(
        "spool: disk", "may grow to", "spool_max_mb",
        lambda plant, stack: plant.examine(
            with_spool(plant.settings, Path(plant.settings.collector.spool_dir), 1_000_000)
        ),
    ),
    "world-writable spool": ProvokedFault(
        "spool: folder", "can be written by others", "chmod go-w", open_spool_folder
    ),
    "damaged spool": ProvokedFault("spool: content", "is damaged", "Restart the collector", damage_spool),
    "set aside spool": ProvokedFault(
        "spool: content", "was set aside", "delete the file", set_damaged_spool_aside
    ),
    "spool in the wrong folder": ProvokedFault(
        "spool: place", "No collector reads", "move the file to", put_spool_beside_its_folder
    ),
    "notifications unreachable": ProvokedFault(
        "notifications: control-room", "does not take the test", "test-notification control-room",
        close_channel,
    ),
    "time zone forgotten": ProvokedFault(
        "settings: time zone", "this machine is in Europe/Berlin", 'timezone = "Europe/Berlin"',
        lambda plant, stack: plant.examine(
            replace(plant.settings, plant=replace(plant.settings.plant, timezone="UTC")),
            sources={"plant.timezone": "default"}, zone="Europe/Berlin",
        ),
    ),
    "no UTF-8": ProvokedFault(
        "terminal: characters", "locale is not UTF-8", "LC_ALL=C.UTF-8",
        lambda plant, stack: plant.examine(
            terminal=structs.replace(GOOD_TERMINAL, encoding="ascii", sample_width=None)
        ),
    ),
    "wide characters": ProvokedFault(
        "terminal: characters", "24 cells wide", "--glyphs ascii",
        lambda plant, stack: plant.examine(terminal=structs.replace(GOOD_TERMINAL, sample_width=24)),
    ),
    "no colours": ProvokedFault(
        "terminal: colours", "TERM=vt100 has 0 colours", "xterm-256color",
        lambda plant, stack: plant.examine(
            terminal=structs.replace(GOOD_TERMINAL, term="vt100", colours=-1)
        ),
    ),
    "small window": ProvokedFault(
        "terminal: size", "60x20", "80x24",
        lambda plant, stack: plant.examine(terminal=structs.replace(GOOD_TERMINAL, columns=60, lines=20)),
    ),
}  # fmt: skip


# paho leaves the socket of a failed handshake to the garbage collector
@pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_each_fault_is_named_in_one_line_with_its_remedy_and_nothing_else(
    plant: DiagnosedPlant,
) -> None:
    """All in one test: the servers take longer to start than thirty diagnoses."""
    differences = {}
    for name, fault in FAULTS.items():
        try:
            with ExitStack() as stack:
                diagnosis = fault.set_up(plant, stack)
            expect_only(diagnosis, fault.subject, fault.text, fault.remedy)
        except NeedsRootError:
            continue
        except AssertionError as error:
            differences[name] = str(error)
    assert differences == {}


def expect_only(diagnosis: Diagnosis, subject: str, text: str, remedy: str) -> None:
    faults = list_faults(diagnosis)
    assert [name_subject(result) for result in faults] == [subject], render_text(diagnosis.keep_faults())
    assert re.search(text, faults[0].text), faults[0].text
    assert re.search(re.escape(remedy), faults[0].remedy), faults[0].remedy
    assert diagnosis.exit_status == (3 if faults[0].level == "error" else 1)
    lines = render_text(diagnosis).splitlines()
    assert len([line for line in lines if line.startswith(("ERROR", "WARNING"))]) == 1
    assert PASSWORD not in render_text(diagnosis)


def name_subject(result: CheckResult) -> str:
    return f"{result.theme.value}: {result.name}"


def test_a_plant_without_faults_passes_every_check(plant: DiagnosedPlant) -> None:
    diagnosis = plant.examine(plant.use_mqtt(plant.broker.tls["good"]))
    assert list_faults(diagnosis) == []
    assert diagnosis.exit_status == 0
    assert re.search(
        r"broker: encryption +TLS. The broker's certificate ends in 364 days", render_text(diagnosis)
    )


def test_a_pooler_that_shares_sessions_is_named(plant: DiagnosedPlant, start_pooler: StartPooler) -> None:
    dsn = start_pooler(
        plant.settings.database.dsn, ignore_startup_parameters="options", pool_mode="transaction"
    )
    diagnosis = plant.examine(plant.change_dsn(dsn))
    expect_only(diagnosis, "database: session", "shares sessions of database", "pool_mode = session")


def test_a_wrong_database_password_is_named(
    plant: DiagnosedPlant, start_pooler: StartPooler, tmp_path: Path
) -> None:
    tmp_path.parent.chmod(0o755)
    users = Path(f"/tmp/dosing-users-{uuid4().hex}")
    users.write_text('"dosing_writer" "right"\n')
    try:
        dsn = start_pooler(
            plant.settings.database.dsn, ignore_startup_parameters="options", pool_mode="session",
            auth_type="plain", auth_file=str(users),
        )  # fmt: skip
        diagnosis = plant.examine(plant.change_dsn(dsn, password="wrong"))
    finally:
        users.unlink()
    expect_only(diagnosis, "database: session", "refuses the password of user", "database.password_file")
