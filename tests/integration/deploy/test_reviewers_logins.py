"""A login for each reviewer: nobody uses up the tries of another's PIN; the doctor says where not."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from dosing_tui.database.audit.pins import set_pin
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.batches.review_policy import set_policy
from dosing_tui.database.diagnosis.fact_reader import read_database_facts
from dosing_tui.database.diagnosis.facts import SharedLogin
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.doctor.checks.database_checks import check_logins
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from tests.integration.database.batches.test_review_writer import LATER
from tests.support.database.reading_samples import number_rows
from tests.support.database.schema_inspection import execute_statements, fetch_rows
from tests.support.database_servers import Server
from tests.support.deploy.deploy_database import DeployedPlant, plant_on
from tests.support.deploy.deploy_files import FOLDER
from tests.support.domain.batch_messages import normal_batch


@pytest.fixture(scope="module")
def plant(embedded: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedPlant]:
    with plant_on(embedded, tmp_path_factory.mktemp("secrets")) as plant:
        writer = ReadingWriter(plant.settings_of("dosing_writer"))
        writer.write(uuid4(), number_rows(*normal_batch()))
        writer.close()
        rebuild_changed_days(plant.settings_of("dosing_writer"), now=LATER)
        for who in ("Anna", "Ben"):
            set_pin(plant.settings_of("dosing_owner"), who=who, pin="1234")
        policy = ReviewPolicy(pin=True, second_person=True)
        assert set_policy(plant.settings_of("dosing_owner"), policy, who="Anna", reason="customer's audit")
        try:
            yield plant
        finally:
            execute_statements(plant.dsn, "DROP ROLE IF EXISTS anna")


def enter(dsn: str, who: str, pin: str, verdict: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute("SELECT prepare_pin_entry(%s)", (who,))
        with session.transaction():
            session.execute("INSERT INTO pin_entry (who, pin) VALUES (%s, %s)", (who, pin))
            session.execute(
                "SELECT enter_review(batch_key, %s, %s, '', 'seen', last_review, record_hash, judgement_hash)"
                " FROM batches",
                (verdict, who),
            )


def list_documented_statements() -> list[str]:
    """What deploy/README.md has psql run for a new login; not the prompt for its password."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"psql -U postgres -c 'CREATE ROLE .*?\\password", text, re.DOTALL)
    words = shlex.split(command.replace("\\\n", " ") + "'")
    return [text for flag, text in pairwise(words) if flag == "-c" and text[0] != "\\"]


def test_wrong_pins_under_one_login_do_not_lock_out_another(plant: DeployedPlant) -> None:
    shared = plant.dsn_of("dosing_operator")
    enter(shared, "Anna", "1234", "comment")
    enter(shared, "Ben", "1234", "comment")
    facts = read_database_facts(plant.settings_of("dosing_viewer"))
    assert facts.shared_logins == (SharedLogin("dosing_operator", 2),)
    (told,) = check_logins(facts)
    assert told.text == "2 reviewers sign as dosing_operator: one can lock out the others."

    for statement in list_documented_statements():
        execute_statements(plant.dsn, statement)
    own = make_conninfo(plant.dsn, user="anna")
    for _ in range(5):
        with pytest.raises(psycopg.Error, match="tries left"):
            enter(shared, "Anna", "9999", "comment")
    with pytest.raises(psycopg.Error, match="Too many wrong PINs"):
        enter(shared, "Anna", "1234", "comment")
    enter(own, "Anna", "1234", "comment")
    entered = fetch_rows(plant.dsn, "SELECT who, db_role, signature FROM batch_reviews ORDER BY review_id")
    assert entered[-1] == ("Anna", "anna", "signed with a PIN")
    with psycopg.connect(own) as session:
        assert session.execute("SHOW temp_file_limit").fetchone() == ("1GB",)
