"""What a pump doses is set by the plant, else learnt from its doses; the alarm and the panel say the same."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.dependencies import build_database
from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.settings import Settings
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.plant_wide.dosing_pace import UsualDuration
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import PUMP_CHEMICALS, PanelQuery
from dosing_tui.domain.panels.pump_chemical import PumpChemical
from tests.support.database.expected_pumps import expect_pump_chemicals
from tests.support.database.reading_samples import make_doses, number_rows, settings_for
from tests.support.database_servers import Server

CHEMICALS: Mapping[int, tuple[str, ...]] = {
    1: ("DMDEE",) * 150,
    2: ("T-9",) * 30 + ("T-12",) * 200,
    3: ("L25B",) * 199 + ("T-9",) * 1,
    4: ("BDO",) * 196 + ("T-9",) * 4,
}
"""Of each pump's doses, oldest first."""


def make_history() -> list[Dose]:
    """Of the last hour: what is learnt is the present state."""
    doses = make_doses(sum(map(len, CHEMICALS.values())), start=datetime.now(UTC) - timedelta(hours=1))
    pumps = [(pump, chemical) for pump, names in CHEMICALS.items() for chemical in names]
    return [
        structs.replace(dose, pump=pump, chemical=name)
        for dose, (pump, name) in zip(doses, pumps, strict=True)
    ]


def read_chemicals(settings: Settings) -> list[PumpChemical]:
    now = datetime.now(UTC)
    reader = PanelReader(settings)
    reader.open()
    try:
        return reader.read_panel(PUMP_CHEMICALS, PanelQuery(now, now, now))
    finally:
        reader.close()


def list_raised(settings: Settings, *doses: Dose) -> list[str]:
    evaluator = Evaluator(build_alarm_limits(settings), expected_stations=(), started_at=datetime.now(UTC))
    evaluator.rules.load_dose_history(build_database(settings).alarm_store.list_pump_doses(), ())
    return [entry.message for dose in doses for entry in evaluator.on_reading(dose)]


def test_a_pumps_chemical_is_learnt_from_its_doses_unless_it_is_set(flavour: Server, migrated: str) -> None:
    settings, doses = settings_for(migrated), make_history()
    writer = ReadingWriter(settings)
    writer.write(uuid4(), number_rows(*doses))
    writer.close()
    found = read_chemicals(settings)
    assert found == expect_pump_chemicals(doses, datetime.now(UTC), Selection())
    assert [(row.pump, row.chemical, row.basis, row.own_percent, row.other_chemical) for row in found] == [
        (3, "L25B", "learnt", 99.5, "T-9"),
        (1, "DMDEE", "not learnt", 100.0, ""),
        (2, "T-12", "learnt", 100.0, ""),
        (4, "BDO", "not learnt", 98.0, "T-9"),
    ]
    wrong = [
        structs.replace(dose, time=datetime.now(UTC), pump=pump, chemical="T-9")
        for pump, dose in enumerate(doses[:4], start=1)
    ]
    assert list_raised(settings, *wrong) == [
        "Pump 2 dosed T-9 instead of T-12 (200 of its last 200 doses, station-1)",
        "Pump 3 dosed T-9 instead of L25B (199 of its last 200 doses, station-1)",
    ]
    named = ("DMDEE", "", "T-9")
    chosen = replace(settings, alarms=replace(settings.alarms, pump_chemicals=named))
    migrate_schema(chosen, report=print)
    found = read_chemicals(chosen)
    assert found == expect_pump_chemicals(doses, datetime.now(UTC), Selection(), named)
    assert [(row.pump, row.basis, row.own_percent) for row in found] == [
        (3, "set", 0.5), (1, "set", 100.0), (2, "any", 100.0), (4, "not learnt", 98.0),
    ]  # fmt: skip
    assert list_raised(chosen, *wrong) == ["Pump 1 dosed T-9 instead of DMDEE (station-1)"]


def test_the_usual_duration_of_a_dose_is_that_of_earlier_hours(flavour: Server, migrated: str) -> None:
    """A chemical that is slow now must not be usual at the next start."""
    settings, now = settings_for(migrated), datetime.now(UTC)
    before, lately = make_doses(25, start=now - timedelta(days=2)), make_doses(25, start=now)
    impossible = structs.replace(before[0], duration_ms=4_294_966_296, dedup=99)
    writer = ReadingWriter(settings)
    writer.write(
        uuid4(),
        number_rows(*before, *(structs.replace(dose, duration_ms=9_000) for dose in lately), impossible),
    )
    writer.close()
    assert build_database(settings).alarm_store.list_usual_durations() == [
        UsualDuration("station-1", "BDO", "CU-65/75", "auto", 4.2, 25)
    ]
