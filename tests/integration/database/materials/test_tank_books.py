"""Books that are stored say what the doses and the ledger say, also when more comes late: in plain Python."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.database.connection import Session, use_session
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.materials.ledger import MaterialKind
from dosing_tui.domain.messages.models import Dose, InventoryLevel
from dosing_tui.domain.panels.material_rows import MaterialBook
from dosing_tui.domain.panels.panel_catalog import PANELS, PanelQuery
from tests.support.database.equal_rows import are_equal
from tests.support.database.expected_materials import expect_balances, expect_books
from tests.support.database.ledger_entries import enter_material
from tests.support.database.reading_samples import DOSE, LEVEL, settings_for
from tests.support.database.sample_month import LedgerEntry, PlantReadings
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_batches import write_readings
from tests.support.database_servers import Server
from tests.support.domain.material_book import BookEntry

ZONE = "Europe/Berlin"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STATIONS = ("s1", "s2")
SPELLINGS = {"L25B": ("L25B", "l 25b"), "T-12": ("T-12", "t-12")}
"""Doses and entries come by any of them, levels by the first."""
TANKS = tuple((station, chemical) for station in STATIONS for chemical in SPELLINGS)


@dataclass
class WrittenPlant:
    """What was stored so far; times are whole minutes, so that some are the same."""

    dsn: str
    session: Session
    """For what is done many times: a new session plans it anew, which takes longer than to do it."""
    reader: PanelReader
    now: datetime
    chance: random.Random
    doses: list[Dose] = field(default_factory=list)
    levels: list[InventoryLevel] = field(default_factory=list)
    materials: list[LedgerEntry] = field(default_factory=list)

    def some_time(self, since: timedelta, until: timedelta = timedelta()) -> datetime:
        """Between so long ago and so long ago."""
        return self.now - timedelta(minutes=self.chance.randrange(int(until / MINUTE), int(since / MINUTE)))

    def store_doses(self, *times: datetime) -> None:
        made = [
            replace(
                DOSE, time=at, device_id=station, chemical=chemical, received_at=at, error_g=None,
                dedup=len(self.doses) + number, actual_g=self.chance.choice((None, 20.0, 38.5, 40.0, 41.25)),
            )
            for number, at in enumerate(times)
            for station, chemical in (self.chance.choice(TANKS),)
        ]  # fmt: skip
        spelled = [replace(dose, chemical=self.chance.choice(SPELLINGS[dose.chemical])) for dose in made]
        write_readings(self.dsn, spelled)
        self.doses += made

    def store_levels(self, *times: datetime) -> None:
        made = [
            replace(
                LEVEL, time=at, device_id=station, chemical=chemical, received_at=at, dedup=number,
                remaining_g=float(self.chance.randrange(1000, 9000)),
            )
            for number, at in enumerate(times, start=len(self.levels))
            for station, chemical in TANKS
        ]  # fmt: skip
        write_readings(self.dsn, made)
        self.levels += made

    def enter(self, kind: MaterialKind, at: datetime, tank: tuple[str, str]) -> None:
        station, chemical = tank
        name, grams = self.chance.choice(SPELLINGS[chemical]), float(self.chance.randrange(1, 900))
        number = enter_material(self.session, at, kind.value, grams, device_id=station, chemical=name)
        assert number is not None
        self.materials.append(LedgerEntry(station, chemical, BookEntry(at, kind, grams, number)))

    def enter_some(self, kinds: tuple[MaterialKind, ...], since: timedelta, until: timedelta) -> None:
        for kind in kinds:
            self.enter(kind, self.some_time(since, until), self.chance.choice(TANKS))

    def close(self) -> int:
        """How many books are stored then."""
        for station in STATIONS:
            while self.session.execute("SELECT close_tank_days(%s, %s, 30)", (station, ZONE)).fetchone() != (
                0,
            ):
                pass
        return int(fetch_value(self.dsn, "SELECT count(*) FROM closed_tank_books"))

    def list_wrong_panels(self) -> list[str]:
        """Those that say something else than the readings and entries, also over days that are past."""
        plant = PlantReadings(tuple(self.doses), (), tuple(self.levels), materials=tuple(self.materials))
        wrong = [] if are_equal(self.read_books(), expect_books(plant, self.now)) else ["material_book"]
        for since, until in ((12 * DAY, timedelta()), (9.3 * DAY, 3.1 * DAY)):
            query = PanelQuery(self.now - since, self.now - until, self.now)
            found = self.reader.read_panel(PANELS["stock_balance"], query)
            if not are_equal(found, expect_balances(plant, query, ZoneInfo(ZONE))):
                wrong.append(f"stock_balance until {until}")
        return wrong

    def read_books(self) -> list[MaterialBook]:
        return self.reader.read_panel(PANELS["material_book"], PanelQuery(self.now, self.now, self.now))


@pytest.fixture
def session(migrated: str) -> Iterator[Session]:
    with psycopg.connect(migrated, autocommit=True) as opened:
        yield opened


@pytest.fixture
def plant(migrated: str, session: Session, request: pytest.FixtureRequest) -> Iterator[WrittenPlant]:
    """Twelve days until the current minute; each tank was counted twice, and one of them two minutes ago."""
    chance = random.Random(request.node.name)
    reader = PanelReader(settings_for(migrated, zone=ZONE))
    reader.open()
    plant = WrittenPlant(
        migrated, session, reader, datetime.now(UTC).replace(second=0, microsecond=0), chance
    )
    plant.store_levels(plant.now - 13 * DAY, *(plant.some_time(12 * DAY) for _ in range(40)))
    plant.store_doses(
        *(plant.some_time(12 * DAY) for _ in range(300)), *(plant.some_time(4 * HOUR) for _ in range(40))
    )
    plant.store_doses(plant.now - 2 * MINUTE)
    for tank in TANKS * 2:
        plant.enter(MaterialKind.COUNT, plant.some_time(12 * DAY, 8 * DAY), tank)
    plant.enter_some((*MaterialKind, *MaterialKind, MaterialKind.COUNT), 12 * DAY, 3 * HOUR)
    plant.enter(
        MaterialKind.COUNT, plant.doses[-1].time, (plant.doses[-1].device_id, plant.doses[-1].chemical)
    )
    yield plant
    reader.close()


ARRIVALS: Mapping[str, Callable[[WrittenPlant], None]] = {
    "nothing": lambda plant: None,
    "late doses": lambda plant: plant.store_doses(*(plant.some_time(12 * DAY, 2 * HOUR) for _ in range(9))),
    "late levels": lambda plant: plant.store_levels(plant.some_time(12 * DAY, 2 * HOUR)),
    "levels of one time": lambda plant: plant.store_levels(*[plant.some_time(9 * DAY)] * 3),
    "a count in the past": lambda plant: plant.enter_some(
        (MaterialKind.COUNT, MaterialKind.CORRECTION), 12 * DAY, 2 * HOUR
    ),
    "a drum change in the past": lambda plant: plant.enter_some(
        (MaterialKind.DRUM_CHANGE, MaterialKind.WASTE), 12 * DAY, 2 * HOUR
    ),
    "doses now": lambda plant: plant.store_doses(*(plant.some_time(2 * HOUR) for _ in range(9))),
    "entries now": lambda plant: plant.enter_some(
        (MaterialKind.COUNT, MaterialKind.DRUM_CHANGE, MaterialKind.PRIME), HOUR, MINUTE
    ),
}


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_books_that_are_stored_say_what_the_readings_say_also_when_more_arrives(
    flavour: Server, plant: WrittenPlant, arrival: str
) -> None:
    assert plant.list_wrong_panels() == []
    assert plant.close() == len(TANKS)
    assert plant.list_wrong_panels() == []
    ARRIVALS[arrival](plant)
    assert plant.list_wrong_panels() == []
    assert plant.close() == len(TANKS)
    assert plant.list_wrong_panels() == []


def test_a_book_that_is_stored_is_read(plant: WrittenPlant) -> None:
    """Else a test of equal figures would pass with books that are never read."""
    plant.close()
    before = {(row.device_id, row.chemical): row for row in plant.read_books()}
    execute_statements(
        plant.dsn, "UPDATE closed_tank_books SET mass_g = mass_g + 1000, before_book_g = before_book_g + 7"
    )
    changes = [
        (
            (before[row.device_id, row.chemical].book_g or 0) - (row.book_g or 0),
            (before[row.device_id, row.chemical].count_gap_g or 0) - (row.count_gap_g or 0),
        )
        for row in plant.read_books()
    ]
    # the tank of the last dose was counted since: what is stored is a part of the book before that count
    assert sorted(changes) == [(0, -1000), (1000, 7), (1000, 7), (1000, 7)]


def test_a_late_dose_deletes_the_books_of_its_station_alone(plant: WrittenPlant) -> None:
    plant.close()
    late = replace(plant.doses[0], time=plant.now - 5 * DAY, dedup=5000)
    write_readings(plant.dsn, [late])
    kept = {station for (station,) in fetch_rows(plant.dsn, "SELECT device_id FROM closed_tank_books")}
    assert kept == set(STATIONS) - {late.device_id}


def test_a_book_whose_sums_are_deleted_is_none_also_if_it_was_stored(plant: WrittenPlant) -> None:
    plant.close()
    before = plant.read_books()
    with use_session(settings_for(plant.dsn), application="test") as session:
        session.execute("UPDATE data_retention SET keep_days = 3 WHERE table_name = 'sums'")
        session.execute(read_statement("maintenance/delete_old_rollups"), {"now": plant.now})
        session.commit()
    after = plant.read_books()
    assert plant.close() < len(TANKS)
    assert plant.read_books() == after != before
    assert None in {row.book_g for row in after}
