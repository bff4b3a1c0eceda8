"""The database and the domain resolve one tolerance, count by the one that held, and say who changed it."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.dependencies import build_database
from dosing_tui.config.settings import AlarmLimitSettings, Settings
from dosing_tui.database.alarms.journal import list_dose_errors
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.master_recipes import import_recipes
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.database.schema.tolerance_rules import describe_difference
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe, format_definition
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.panel_catalog import ACCURACY_HISTOGRAM, ACCURACY_SUMMARY, PanelQuery
from dosing_tui.domain.tolerances.rules import ToleranceOverride, ToleranceRules, format_rules
from tests.support.database.reading_samples import DOSE, NOW, number_rows, settings_for
from tests.support.database.tolerances import read_tolerance_book

NAMES = (
    "T-12",
    "t-12",
    " T\u201112",
    "T-9",
    "Öl-7",
    "ÖL-7",
    "Weiß 3",
    "WEISS3",
    "Ωmega",
    "Добавка",
    "ДОБАВКА",
    "",
)
RECIPES = ("CU-85", "cu-85", "FG-85/95", "Straße", "STRASSE", "")
MODES = ("", "PROD", "BDO")


def make_rules(rng: random.Random) -> ToleranceRules:
    def maybe(*values: float) -> float | None:
        return rng.choice((None, *values))

    return ToleranceRules(
        rng.choice((0.5, 0.1, 2.0)),
        rng.choice((0.0, 0.0, 2.0, 0.7)),
        maybe(0.2, 1.0, 0.05),
        rng.choice((0.0, 0.0, 8.2, 50.0)),
        tuple(
            ToleranceOverride(rng.choice(NAMES), rng.choice(RECIPES), maybe(0.3, 0.07), maybe(0.0, 1.5))
            for _ in range(rng.randrange(4))
        ),
    )


def make_recipe(rng: random.Random) -> MasterRecipe:
    def maybe(*values: float) -> float | None:
        return rng.choice((None, *values))

    return MasterRecipe(
        rng.choice([name for name in RECIPES if name]),
        tuple(
            MasterIngredient(
                rng.choice([name for name in NAMES if name]),
                rng.choice((None, 1, 2)),
                maybe(5.0, 40.0, 41.0),
                maybe(0.0, 0.2, 0.5),
                maybe(0.0, 2.0, 1.1),
            )
            for _ in range(rng.randrange(1, 4))
        ),
        rng.choice(MODES),
    )


def make_doses(rng: random.Random, number: int) -> list[Dose]:
    return [
        structs.replace(
            DOSE,
            time=NOW + timedelta(minutes=rng.randrange(0, 600)),
            chemical=rng.choice(NAMES[:-1]),
            recipe=rng.choice(RECIPES),
            mode=rng.choice(MODES),
            pump=rng.randrange(1, 4),
            target_g=rng.choice(
                (None, 0.0, 5.0, 8.2, 40.0, 40.4, 75.0, 150.0, 250.0, 400.0, 700.0, 2e3, 12e3, 2e4)
            ),
            error_g=rng.choice((None, 0.0, 0.05, -0.1, 0.2, -0.3, 0.5, -0.8, 3.6, 30.0)),
            dedup=each,
        )
        for each in range(number)
    ]


COLUMNS = ("time", "recipe", "mode", "chemical", "pump", "target_g", "error_g")


def find_in_database(
    session: psycopg.Connection[tuple[object, ...]], doses: Sequence[Dose]
) -> list[tuple[object, ...]]:
    """Tolerance, whether the scale can weigh it, whether it is out, and the chemical's common spelling."""
    session.execute(
        "CREATE TEMPORARY TABLE made (number int, time timestamptz, recipe text, mode text, chemical text,"
        " pump int, target_g float8, error_g float8)"
    )
    with session.cursor().copy("COPY made FROM STDIN") as rows:
        for number, dose in enumerate(doses):
            rows.write_row((number, *(getattr(dose, name) for name in COLUMNS)))
    return session.execute(
        "SELECT t.tolerance_g, t.is_weighable, j.is_out, fold_name(chemical) FROM made"
        " CROSS JOIN LATERAL find_tolerance(time, recipe, mode, chemical, pump, target_g) AS t"
        " CROSS JOIN LATERAL judge_dose(time, recipe, mode, chemical, pump, target_g, made.error_g) AS j"
        " ORDER BY number"
    ).fetchall()


def test_database_and_domain_find_the_same_tolerance_for_any_rules_and_dose(migrated: str) -> None:
    rng = random.Random(12)
    settings = settings_for(migrated)
    with psycopg.connect(migrated, autocommit=True) as session:
        for version in range(2, 12):
            since = NOW + timedelta(minutes=rng.randrange(-60, 600))
            row = (version, since, format_rules(make_rules(rng)))
            session.execute(
                "INSERT INTO tolerance_rules (version, valid_from, definition) VALUES (%s, %s, %s)", row
            )
        for _ in range(25):
            since = NOW + timedelta(minutes=rng.randrange(-60, 600))
            recipe = make_recipe(rng)
            session.execute(
                "SELECT add_recipe_version(%s, %s, %s, %s, 'Anna')",
                (recipe.name, recipe.mode, since, format_definition(recipe)),
            )
        doses = make_doses(rng, 2000)
        found = find_in_database(session, doses)
    book = read_tolerance_book(settings)
    verdicts = [(book.find_tolerance(dose), dose) for dose in doses]
    assert found == [
        (each.tolerance_g, each.is_weighable, each.is_outside(dose.error_g), fold_name(dose.chemical))
        for each, dose in verdicts
    ]
    assert len({each.tolerance_g for each, _ in verdicts}) > 20


def count_out(settings: Settings, doses: Sequence[Dose]) -> tuple[float, int]:
    """What the panel counts of the days of these doses: doses out of tolerance, and doses with an error."""
    since, until = min(dose.time for dose in doses), max(dose.time for dose in doses)
    reader = PanelReader(settings)
    reader.open()
    query = PanelQuery(since - timedelta(days=1), until + timedelta(days=1), until)
    (summary,) = reader.read_panel(ACCURACY_SUMMARY, query)
    reader.close()
    return round((summary.out_percent or 0.0) / 100 * summary.doses), summary.doses


def write_doses(dsn: str, doses: Sequence[Dose]) -> None:
    writer = ReadingWriter(settings_for(dsn))
    writer.write(uuid4(), number_rows(*doses))
    writer.close()


def make_errors(start: int, *errors_g: float, at: datetime = NOW, target_g: float = 5.0) -> list[Dose]:
    return [
        structs.replace(
            DOSE,
            time=at + timedelta(seconds=number),
            target_g=target_g,
            error_g=error_g,
            dedup=start + number,
        )
        for number, error_g in enumerate(errors_g)
    ]


def with_limits(settings: Settings, **limits: Any) -> Settings:  # settings of [limits]
    return replace(settings, limits=replace(settings.limits, **limits))


def test_a_change_holds_from_now_on_and_doses_that_come_late_are_judged_by_theirs(migrated: str) -> None:
    first = settings_for(migrated)
    narrow = with_limits(first, tolerance_g=0.25)
    early = datetime.now(UTC) - timedelta(hours=2)
    write_doses(migrated, make_errors(0, 0.3, 0.6, at=early))
    assert list_pending_steps(first) == []
    assert list_pending_steps(narrow) == ["limits/tolerance"]
    assert migrate_schema(narrow, report=print) == ["limits/tolerance"]
    assert count_out(first, make_errors(0, 0, at=early)) == (1, 2)  # counted before: it stays
    write_doses(migrated, make_errors(10, 0.3, 0.6, at=early))  # late
    assert count_out(first, make_errors(0, 0, at=early)) == (2, 4)
    write_doses(migrated, make_errors(20, 0.3, 0.6, at=datetime.now(UTC)))
    assert count_out(first, make_errors(0, 0, at=early)) == (4, 6)
    book = read_tolerance_book(first)
    assert [each.rules.tolerance_g for each in book.versions] == [0.5, 0.25]
    assert book.versions[0].valid_from < early < book.versions[1].valid_from
    report = verify_audit_trail(first)
    assert (report.entries, report.faults) == (1, ())
    with (
        psycopg.connect(migrated) as session,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        session.execute("UPDATE tolerance_rules SET definition = definition")
    with psycopg.connect(migrated) as session:
        session.execute("ALTER TABLE tolerance_rules DISABLE TRIGGER append_only")
        session.execute(
            "UPDATE tolerance_rules SET definition = replace(definition, '0.25', '0.75') WHERE version = 2"
        )
    (fault,) = verify_audit_trail(first).faults
    assert fault == "Version 2 of the tolerance rules differs from its entry in the audit trail."


def test_rules_that_precede_the_first_dose_hold_from_the_beginning(migrated: str) -> None:
    settings = with_limits(settings_for(migrated), tolerance_g=0.25)
    migrate_schema(settings, report=print)
    write_doses(migrated, make_errors(0, 0.3, 0.2))
    assert count_out(settings, make_errors(0, 0)) == (1, 2)


def test_two_collectors_with_other_settings_do_not_take_turns(migrated: str) -> None:
    one, other = settings_for(migrated), with_limits(settings_for(migrated), tolerance_g=0.25)
    told: list[str] = []
    for settings in (other, one, other, one):
        build_database(settings).prepare_schema(told.append)
    book = read_tolerance_book(one)
    assert [each.rules.tolerance_g for each in book.versions] == [0.5, 0.25]
    assert describe_difference(other, book) == ""
    assert describe_difference(one, book) == (
        "The tolerances in these settings differ from the database's, which count (version 2)."
    )
    assert migrate_schema(one, report=told.append) == ["limits/tolerance"]  # said outright
    assert [each.rules.tolerance_g for each in read_tolerance_book(one).versions] == [0.5, 0.25, 0.5]


def test_a_recipe_that_is_dated_back_held_since_then_and_one_from_now_on_does_not(migrated: str) -> None:
    settings = settings_for(migrated)
    narrow = MasterIngredient(DOSE.chemical, tolerance_percent=2.0)
    since = datetime.now(UTC) - timedelta(hours=30)
    doses = [
        *make_errors(0, 0.15, 0.05, at=since - timedelta(minutes=1)),
        *make_errors(10, 0.15, 0.05, at=since + timedelta(minutes=1)),
        *make_errors(20, 0.15, 0.6, at=since + timedelta(hours=20)),
    ]
    write_doses(migrated, doses)
    assert count_out(settings, doses) == (1, 6)
    import_recipes(settings, [MasterRecipe(DOSE.recipe.lower(), (narrow,))], who="Anna")
    assert count_out(settings, doses) == (1, 6)
    import_recipes(settings, [MasterRecipe(DOSE.recipe, (narrow,))], who="Anna", valid_from=since)
    assert count_out(settings, doses) == (3, 6)


def test_below_what_the_scale_can_weigh_a_dose_is_in_no_count(migrated: str) -> None:
    settings = with_limits(
        settings_for(migrated), scale_division_g=0.01, scale_repeatability_percent=0.2
    )  # least dose 4.1 g
    migrate_schema(settings, report=print)
    doses = [*make_errors(0, 0.6, 0.1, target_g=4.0), *make_errors(10, 0.6, 0.1, target_g=4.2)]
    write_doses(migrated, doses)
    assert count_out(settings, doses) == (1, 2)
    reader = PanelReader(settings)
    reader.open()
    for hours in (1, 24 * 3):  # from doses, and from the rollup
        query = PanelQuery(NOW - timedelta(hours=hours), NOW + timedelta(hours=hours), NOW)
        bins = reader.read_panel(ACCURACY_HISTOGRAM, query)
        assert sum(each.doses for each in bins) == 2
    reader.close()
    assert sum(each.doses for each in list_dose_errors(settings, NOW - timedelta(hours=1))) == 2


def test_overrides_of_the_settings_count_in_the_database(migrated: str) -> None:
    own = (AlarmLimitSettings(chemical=DOSE.chemical.lower(), tolerance_percent=2.0),)
    settings = replace(settings_for(migrated), alarm_limits=own)
    migrate_schema(settings, report=print)
    doses = make_errors(0, 0.15, 0.05)
    write_doses(migrated, doses)
    assert count_out(settings, doses) == (1, 2)
    assert list_pending_steps(settings) == []
