"""A plant in which every check passes, on real servers, and what the doctor says of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.collector.spool.spool import Spool
from dosing_tui.config.loader import LoadedSettings
from dosing_tui.config.settings import CollectorSettings, MqttSettings, PlantSettings, Settings
from dosing_tui.database.leader_election import LeaderElection, LeaderLease
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.doctor.checks.check_result import CheckResult, Diagnosis
from dosing_tui.doctor.checks.terminal_checks import TerminalFacts
from dosing_tui.doctor.diagnose import DiagnosisOptions, run_diagnosis
from dosing_tui.domain.messages.models import Reading
from tests.support.database.reading_samples import DOSE, EVENT, LEVEL, number_rows
from tests.support.database_servers import Server, reachable_temp
from tests.support.deploy.deploy_database import DeployedPlant, plant_on
from tests.support.doctor.tls_broker import DoctorBroker, run_doctor_broker
from tests.support.polling import wait_until

GOOD_TERMINAL = TerminalFacts(
    term="xterm-256color", encoding="utf-8", colours=256, has_no_color=False, columns=120, lines=40,
    sample_width=12, is_remote=False,
)  # fmt: skip


@dataclass
class DiagnosedPlant:
    """``settings`` are those of a collector that lacks nothing."""

    broker: DoctorBroker
    database: DeployedPlant
    settings: Settings
    election: LeaderElection
    sources: dict[str, str] = field(default_factory=lambda: {"plant.timezone": "file"})

    def examine(
        self,
        settings: Settings | None = None,
        *,
        terminal: TerminalFacts = GOOD_TERMINAL,
        notify: bool = False,
        sources: dict[str, str] | None = None,
        zone: str = "",
    ) -> Diagnosis:
        self.election.try_acquire()  # the heartbeat of a collector
        loaded = LoadedSettings(settings or self.settings, sources or self.sources, Path(__file__))
        options = DiagnosisOptions(listen_s=0.0, sends_notifications=notify, terminal=terminal)
        return run_diagnosis(lambda: loaded, {"TZ": zone or "UTC"}, options)

    def change_mqtt(self, **changes: object) -> Settings:
        return replace(self.settings, mqtt=replace(self.settings.mqtt, **changes))  # type: ignore[arg-type]

    def use_mqtt(self, mqtt: MqttSettings) -> Settings:
        return replace(self.settings, mqtt=mqtt)

    def change_dsn(self, dsn: str, password: str = "") -> Settings:
        return replace(self.settings, database=replace(self.settings.database, dsn=dsn, password=password))


def list_faults(diagnosis: Diagnosis) -> list[CheckResult]:
    return [result for result in diagnosis.results if result.is_fault]


@contextmanager
def run_diagnosed_plant(server: Server, folder: Path) -> Iterator[DiagnosedPlant]:
    with (
        reachable_temp() as broker_folder,
        run_doctor_broker(broker_folder) as broker,
        plant_on(server, folder) as database,
    ):
        (folder / "spool").mkdir(mode=0o700)
        settings = replace(
            database.settings_of("dosing_writer"),
            plant=PlantSettings(site="plant1", timezone="Europe/Berlin"),
            mqtt=broker.plain,
            collector=CollectorSettings(spool_dir=str(folder / "spool"), spool_max_mb=64),
        )
        Spool(get_spool_folder(settings), max_mb=64, publish_counts=lambda counts: None).close()
        store_samples(settings)
        election = LeaderElection(settings, LeaderLease())
        plant = DiagnosedPlant(broker, database, settings, election)
        wait_until(lambda: not list_faults(plant.examine()), every=0.2)
        yield plant
        election.release_lock()


def store_samples(settings: Settings) -> None:
    """A reading for each topic, received now."""
    now = datetime.now(UTC) - timedelta(seconds=1)
    rows: list[Reading] = [structs.replace(one, time=now, received_at=now) for one in (DOSE, EVENT, LEVEL)]
    write_rows(settings, rows)


def write_rows(settings: Settings, rows: list[Reading]) -> None:
    writer = ReadingWriter(settings)
    writer.open()
    writer.write(uuid4(), number_rows(*rows))
    writer.close()
