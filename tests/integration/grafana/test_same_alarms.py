"""Grafana's alert rules fire for the series for which the console has an alarm, whatever limits count."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.cli import alarm_actions
from dosing_tui.config.settings import AlarmLimitSettings, AlarmSettings, LimitSettings, Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.database.schema.plant_limits import read_alarm_limits
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState, EvaluationContext
from dosing_tui.domain.alarms.models import Actor
from dosing_tui.domain.alarms.operator_commands import CommandContext, return_to_service
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, TimeQuality
from dosing_tui.domain.panels.panel_catalog import STOCK_OUTLOOK, PanelQuery
from dosing_tui.grafana.alert_rules import ALERT_RULES
from dosing_tui.grafana.sql_macros import build_alert_sql, build_series_sql
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import write_readings
from tests.support.database.stored_journal import read_journal
from tests.support.database.tolerances import read_tolerance_book

Series = tuple[str, str, str]
"""Alarm, station, and item as in the alarm's tag."""
NOW = datetime.now(UTC).replace(microsecond=0)
ALARMS = {rule.alarm for rule in ALERT_RULES}


def make_level(
    device: str, chemical: str, remaining_g: float | None, capacity_g: float | None = 10_000.0,
    *, percent: float | None = None, age: timedelta = timedelta(minutes=1),
) -> InventoryLevel:  # fmt: skip
    at = NOW - age
    return InventoryLevel(at, device, chemical, remaining_g, capacity_g, percent, 1, at, TimeQuality.RECEIVE)


def make_dose(
    device: str, chemical: str, grams: float, *, age: timedelta, error_g: float | None = 0.0, pump: int = 1,
    recipe: str = "",
) -> Dose:  # fmt: skip
    at = NOW - age
    return Dose(
        at, device, pump, chemical, grams, None if error_g is None else grams + error_g, error_g, recipe,
        "auto", 4_000, 1, at, TimeQuality.DEVICE,
    )  # fmt: skip


def make_batch(device: str, chemical: str, grams: float, recipe: str, age: timedelta) -> Iterator[Reading]:
    for event, since in (("start", age), ("complete", age - timedelta(minutes=2))):
        yield BatchEvent(NOW - since, device, event, recipe, 1, 1, NOW - since, TimeQuality.DEVICE)
    yield make_dose(device, chemical, grams, age=age - timedelta(minutes=1), recipe=recipe)


def list_tanks() -> Iterator[Reading]:
    """Levels on both sides of their limits and exactly on them, and such as say nothing."""
    yield make_level("one", "T-9", 2_000.0)  # exactly at the plant's limit
    yield make_level("one", "T-9 b", 1_999.96)  # 20.000 % to the resolution of a level
    yield make_level("one", "T-9 c", 1_999.0)
    yield make_level("one", "T-12", 3_000.0)  # has a limit of its own
    yield make_level("one", "L25B", 1_400.0)  # nearly empty by a limit of its own
    yield make_level("one", "DMDEE", 500.0)  # exactly at the plant's limit
    yield make_level("one", "DMDEE b", 499.0)
    yield make_level("two", "T-12", 4_000.0)
    yield make_level("two", "no mass", None, None)
    yield make_level("two", "no capacity", 5.0, 0.0)
    yield make_level("two", "percent", None, None, percent=12.0)
    yield make_level("two", "foreign", 9_000.0, percent=2.0)  # a foreign writer's percent
    yield make_level("lost", "T-9", 100.0, age=timedelta(minutes=30))


def list_needs() -> Iterator[Reading]:
    """Tanks that hold less than a batch takes, more, and exactly as much; the last dose misleads."""
    for number in range(5):
        age = timedelta(days=1 + number, hours=3)
        yield from make_batch("three", "big", 3_000.0, "BIG", age)
        yield from make_batch("three", "even", 2_500.0, "EVEN", age - timedelta(minutes=10))
        yield from make_batch("three", "small", 100.0, "SMALL", age - timedelta(minutes=20))
        yield from make_batch("three", "big", 40.0, "SMALL 2", age - timedelta(minutes=30))
    yield make_dose("three", "big", 1.0, age=timedelta(minutes=50))
    yield make_dose("three", "small", 9_000.0, age=timedelta(minutes=50))
    yield make_dose("three", "single", 6_000.0, age=timedelta(days=20))
    yield make_level("three", "big", 2_900.0)
    yield make_level("three", "even", 2_500.0)
    yield make_level("three", "small", 2_500.0)
    yield make_level("three", "single", 5_000.0)


def list_errors() -> Iterator[Reading]:
    """Mean errors on both sides of the limit and on it, with enough doses and with too few."""
    for number in range(5):
        age = timedelta(minutes=5 + number)
        yield make_dose("exact", "X", 40.0, age=age, error_g=1.0)
        yield make_dose("off", "X", 40.0, age=age, error_g=-1.1)
        yield make_dose("pumps", "X", 40.0, age=age, error_g=0.0)
        yield make_dose("pumps", "X", 40.0, age=age + timedelta(seconds=7), error_g=1.9, pump=2)
        yield make_dose("unweighed", "X", 40.0, age=age, error_g=None)
        yield make_dose("lost", "X", 40.0, age=age + timedelta(minutes=25), error_g=5.0)
        yield make_dose("earlier", "X", 40.0, age=age + timedelta(minutes=63), error_g=5.0)
    yield from (make_dose("few", "X", 40.0, age=timedelta(minutes=m), error_g=3.0) for m in range(1, 5))
    yield make_level("earlier", "X", 9_000.0)


DEFAULTS = Settings()
SETTINGS = {
    "the guide's": DEFAULTS,
    "of chemicals": replace(
        DEFAULTS,
        plant=replace(DEFAULTS.plant, devices=("one", "never")),
        alarm_limits=(
            AlarmLimitSettings(chemical="t-12", stock_low_percent=40.0),
            AlarmLimitSettings(chemical="L25B", stock_critical_percent=15.0),
            AlarmLimitSettings(recipe="CU-85", gross_error_g=3.0),
            AlarmLimitSettings(chemical="DMDEE b", stock_low_percent=50.0),
            AlarmLimitSettings(chemical="DMDEE B", stock_critical_percent=1.0, stock_low_percent=3.0),
        ),
    ),
    "changed": replace(
        DEFAULTS,
        limits=LimitSettings(stock_low_percent=30.0, stock_warn_percent=60.0),
        alarms=AlarmSettings(
            stock_critical_percent=20.0, stock_deadband_percent=0.0, mean_error_g=1.05, mean_error_doses=4,
            offline_minutes=45.0, stock_cover_days=3.0,
        ),
    ),
}  # fmt: skip


def set_limits(dsn: str, settings: Settings) -> Settings:
    """Enter them as a collector does at its start."""
    ours = settings_for(dsn)
    changed = replace(settings, database=ours.database, plant=replace(settings.plant, site=ours.plant.site))
    migrate_schema(changed, report=print)
    return changed


def list_console_alarms(settings: Settings) -> set[Series]:
    """What a collector finds that starts now: its alarms that are announced."""
    evaluator = Evaluator(
        read_alarm_limits(settings), expected_stations=settings.plant.devices,
        started_at=NOW - timedelta(days=1),
    )  # fmt: skip
    evaluator.rules.tolerances = read_tolerance_book(settings)
    evaluator.apply_committed(read_journal(settings))
    with closing(PanelReader(settings)) as reader:
        reader.open()
        evaluator.load_batch_needs(reader.list_batch_needs(NOW), NOW)
        evaluator.load_history(reader.load_readings())
        outlook = reader.read_panel(STOCK_OUTLOOK, PanelQuery(NOW, NOW, NOW))
    evaluator.rules.load_dose_errors(journal.list_dose_errors(settings, NOW - timedelta(hours=1)))
    evaluator.on_stock(NOW, (), outlook)
    up = ConnectionState(True, NOW - timedelta(days=1))
    for seconds in range(12):
        evaluator.on_tick(EvaluationContext(NOW + timedelta(seconds=seconds), broker=up, database=up))
    states = evaluator.projection.states.values()
    keys = [state.key for state in states if state.active and state.hiding is None]
    return {(key.rule, key.device, key.item) for key in keys if key.rule in ALARMS}


def list_grafana_alarms(dsn: str) -> set[Series]:
    """The series of which Grafana's threshold holds."""
    found: set[Series] = set()
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute("SET default_transaction_read_only = on")
        for rule in ALERT_RULES:
            sql = build_series_sql(
                build_alert_sql(rule.statement, site="plant1"), labels=rule.labels, number="condition"
            )
            sql = sql.replace("now()", f"timestamptz '{NOW.isoformat()}'")
            for device, *item, condition in session.execute(sql).fetchall():
                if condition > 0.5:
                    found.add((rule.alarm, device, "".join(item).replace("all pumps", "")))
    return found


def store_plant(dsn: str, readings: Iterable[Reading]) -> None:
    write_readings(dsn, readings)
    rebuild_changed_days(settings_for(dsn), now=NOW)


@pytest.fixture
def plant(migrated: str) -> str:
    store_plant(migrated, [*list_tanks(), *list_needs(), *list_errors()])
    return migrated


@pytest.mark.parametrize("limits", SETTINGS)
def test_grafana_and_console_have_the_same_alarms(plant: str, limits: str) -> None:
    settings = set_limits(plant, SETTINGS[limits])
    expected = list_console_alarms(settings)
    assert {rule for rule, *_ in expected} >= {"STOCK_LOW", "STOCK_CRITICAL"}
    assert list_grafana_alarms(plant) == expected


def test_a_changed_setting_is_in_force_in_both_at_once(plant: str) -> None:
    first = set_limits(plant, SETTINGS["the guide's"])
    before = list_grafana_alarms(plant)
    assert before == list_console_alarms(first)
    set_limits(plant, SETTINGS["changed"])
    after = list_grafana_alarms(plant)
    assert after != before
    assert after == list_console_alarms(first), "the database's limits count, not those of a process"


def test_exactly_at_a_limit_is_no_alarm_and_a_batch_more_than_the_tank_holds_is_one(plant: str) -> None:
    set_limits(plant, SETTINGS["the guide's"])
    found = list_grafana_alarms(plant)
    assert ("STOCK_LOW", "one", "T-9") not in found
    assert ("STOCK_LOW", "one", "T-9 b") not in found
    assert ("STOCK_LOW", "one", "T-9 c") in found
    assert ("ERR_MEAN_1H", "exact", "") not in found
    assert ("ERR_MEAN_1H", "off", "pump 1") in found
    critical = {item for rule, _, item in found if rule == "STOCK_CRITICAL"}
    assert critical == {"T-9", "DMDEE b", "big", "single"}


def test_what_is_retired_has_no_alarm_in_either(plant: str) -> None:
    settings = set_limits(plant, SETTINGS["the guide's"])
    before = list_grafana_alarms(plant)
    assert {("DEVICE_OFFLINE", "lost", ""), ("STOCK_CRITICAL", "one", "DMDEE b")} <= before
    tags = ["RETIRED/lost", "RETIRED/one/DMDEE b"]
    targets = alarm_actions.find_alarms_or_normal(settings, tags)
    build_entry = partial(alarm_actions.build_removal_entry, reason="gone")
    context = CommandContext(Actor("Anna", "anna"), NOW)
    alarm_actions.apply_command(settings, targets, context, build_entry)
    expected = {key for key in before if key[1] != "lost" and key[1:] != ("one", "DMDEE b")}
    assert list_grafana_alarms(plant) == expected
    assert list_console_alarms(settings) == expected
    (first, _) = alarm_actions.find_alarms(settings, tags)
    back = partial(return_to_service, comment="")
    alarm_actions.apply_command(settings, [first], CommandContext(Actor("Anna", "anna"), NOW), back)
    assert ("DEVICE_OFFLINE", "lost", "") in list_grafana_alarms(plant)
