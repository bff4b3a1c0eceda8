"""Batches, alarms, marks, panels, Grafana and the shift report count the same doses out of tolerance."""

import random
from datetime import timedelta

import psycopg
import pytest
from msgspec import structs
from msgspec.structs import replace
from psycopg.rows import dict_row

from dosing_tui.config.settings import AlarmLimitSettings, LimitSettings, Settings
from dosing_tui.database.alarms.journal import list_dose_errors
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.batches.master_recipes import import_recipes
from dosing_tui.database.batches.queries import list_batches, read_batch
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reports.shift_report import read_shift_report
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.batch_review.finding_weight import ExceptionKind
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.domain.messages.models import Dose, Reading
from dosing_tui.domain.panels.panel_catalog import (
    ACCURACY_HISTOGRAM,
    ACCURACY_SUMMARY,
    ERROR_RATE,
    PANELS,
    PRODUCTION_TODAY,
    ErrorSummary,
    PanelQuery,
)
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.tui.tiles.dose_table import choose_error_mark
from tests.integration.grafana.test_same_rows import query_panel
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import write_readings
from tests.support.database.tolerances import read_tolerance_book
from tests.support.domain.batch_messages import MUCH_LATER, NOON, make_dose, make_event
from tests.support.domain.evaluated_plant import EvaluatedPlant

BATCHES = 40
SHIFT = ShiftPeriod("Early", NOON - timedelta(hours=1), NOON + timedelta(hours=5))
QUERY = PanelQuery(SHIFT.since, SHIFT.until, SHIFT.until)


def make_readings() -> list[Reading]:
    """Batches of two recipes, four minutes each: T-9 40 g, T-12 5 g, now and then L25B 0.5 g."""
    rng = random.Random(7)
    readings: list[Reading] = []
    for number in range(BATCHES):
        start, recipe = number * 240.0, rng.choice(("CU-85", "CU-85", "FG-85/95"))
        has_third = rng.random() < 0.3
        readings.append(make_event(start, "start", recipe, pumps=2 + has_third))
        for offset, chemical, target_g in ((61, "T-9", 40.0), (122, "T-12", 5.0), (150, "L25B", 0.5)):
            if chemical != "L25B" or has_third:
                actual_g = round(target_g + rng.gauss(0, 0.25), 2)
                spelt = rng.choice((recipe, recipe.lower()))
                dose = make_dose(
                    start + offset, chemical, recipe=recipe, target_g=target_g, actual_g=actual_g
                )
                readings.append(structs.replace(dose, recipe=recipe if chemical == "T-9" else spelt))
        readings.append(make_event(start + 180, "complete", recipe, pumps=2 + has_third))
    return readings


def count_by_hand(doses: list[Dose]) -> tuple[int, int]:
    """Doses out of tolerance and doses that count, by rules written out once more."""
    out = weighed = 0
    for dose in doses:
        assert dose.error_g is not None
        if dose.chemical == "L25B":
            continue  # 0.5 g is less than the scale can weigh: 0.82 g
        weighed += 1
        if dose.chemical == "T-12" and dose.recipe.upper() == "CU-85":
            allowed_mg = 100  # 2 % of 5 g
        elif dose.chemical == "T-12":
            allowed_mg = 90  # class X(0.2): 1.8 % of 5 g
        else:
            allowed_mg = 300  # [[alarm_limits]]; the class would allow 720 mg
        out += abs(round(dose.error_g * 1000)) > allowed_mg
    return out, weighed


def count_alarms(settings: Settings, doses: list[Dose]) -> int:
    """Each dose before an evaluator of its own: an alarm that is active already is not raised again."""
    book, raised = read_tolerance_book(settings), 0
    for dose in doses:
        plant = EvaluatedPlant(AlarmLimits())
        plant.evaluator.rules.tolerances = book
        plant.receive_readings(dose)
        raised += any(e.event is AlarmEvent.RAISE and e.key.rule == "DOSE_OUT_OF_TOL" for e in plant.journal)
    return raised


def count_exceptions(settings: Settings, key: str) -> int:
    detail = read_batch(settings, key)
    assert detail is not None
    exceptions = [each for each in detail.assessment.exceptions if each.kind is ExceptionKind.TOLERANCE]
    verdicts = [within for _, within in detail.assessment.tolerance_bands]
    assert len(exceptions) == verdicts.count(False)
    assert verdicts.count(None) == sum(dose.chemical == "L25B" for dose in detail.batch.doses)
    return len(exceptions)


def count_from(percent: float | None, doses: int) -> float:
    assert percent is not None
    return round(percent * doses / 100, 6)


@pytest.fixture
def plant(migrated: str) -> Settings:
    settings = replace(
        settings_for(migrated),
        limits=LimitSettings(class_="X(0.2)", scale_division_g=0.01, scale_repeatability_percent=1.0),
        alarm_limits=(AlarmLimitSettings(chemical="t-9", tolerance_g=0.3),),
    )
    migrate_schema(settings, report=print)
    parts = (
        MasterIngredient("T-9"),
        MasterIngredient("t-12", tolerance_percent=2.0),
        MasterIngredient("L25B"),
    )
    import_recipes(settings, [MasterRecipe("cu-85", parts)], who="Anna", valid_from=NOON - timedelta(days=1))
    write_readings(migrated, make_readings())
    rebuild_changed_days(settings, now=MUCH_LATER)
    return settings


def test_every_place_counts_the_same_doses_out_of_tolerance(plant: Settings) -> None:
    doses = [each for each in make_readings() if isinstance(each, Dose)]
    out, weighed = count_by_hand(doses)
    assert 20 < out < weighed < len(doses)
    book = read_tolerance_book(plant)
    reader = PanelReader(plant)
    reader.open()
    (summary,) = reader.read_panel(ACCURACY_SUMMARY, QUERY)
    bins = reader.read_panel(ACCURACY_HISTOGRAM, QUERY)
    rates = reader.read_panel(ERROR_RATE, QUERY)
    today = reader.read_panel(PRODUCTION_TODAY, QUERY)[0]
    reader.close()
    with psycopg.connect(plant.database.dsn, autocommit=True, row_factory=dict_row) as session:
        session.execute("SET default_transaction_read_only = on")
        (grafana,) = query_panel(session, PANELS[ACCURACY_SUMMARY.id], QUERY)
    assert isinstance(grafana, ErrorSummary)
    report = read_shift_report(plant, SHIFT, now=MUCH_LATER)
    batches = list_batches(plant, BatchFilter())
    found = {
        "batches": sum(count_exceptions(plant, row.batch_key) for row in batches),
        "alarms": count_alarms(plant, doses),
        "marks": sum(choose_error_mark(dose, book) == "▲" for dose in doses),
        "summary": count_from(summary.out_percent, summary.doses),
        "production": count_from(today.out_percent, weighed),
        "error rate alarm": sum(each.outside for each in list_dose_errors(plant, SHIFT.since)),
        "grafana": count_from(grafana.out_percent, grafana.doses),
        "shift report": count_from(report.production.out_percent, weighed),
    }
    assert found == dict.fromkeys(found, out)
    assert len(batches) == BATCHES
    assert sum(each.doses for each in bins) == summary.doses == weighed
    assert sum(choose_error_mark(dose, book) == "~" for dose in doses) == len(doses) - weighed
    hourly = [each.value for each in rates if each.value is not None]
    assert min(hourly) <= 100 * out / weighed <= max(hourly)
