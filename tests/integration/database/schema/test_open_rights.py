"""What a server leaves open to every role is closed by a superuser's migration, and named by another's."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dosing_tui.database.diagnosis.fact_reader import read_database_facts
from dosing_tui.database.schema.migrate import migrate_schema
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_value
from tests.support.database_servers import Server, new_name

SIGNER = "SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'enter_review'"
WATCHDOG = "SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'end_blocking_sessions'"
CREATE_AUDITOR = """
DO $$ BEGIN CREATE ROLE dosing_auditor NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$
"""
OPEN = """
SELECT array_agg(may) FROM (VALUES (has_function_privilege('public', 'lo_create(oid)', 'EXECUTE')),
    (has_function_privilege('public', 'pg_try_advisory_xact_lock_shared(int, int)', 'EXECUTE')),
    (has_function_privilege(
        'public', (SELECT min(oid) FROM pg_proc WHERE proname = 'pg_logical_emit_message'), 'EXECUTE')),
    (has_database_privilege('public', current_database(), 'TEMPORARY')),
    (has_schema_privilege('public', 'public', 'CREATE'))) AS x (may)
"""


@pytest.fixture
def owner(server: Server, database: str) -> Iterator[str]:
    """A role that may create the schema, and no role; its name."""
    name = new_name("owner")
    role = sql.Identifier(name)
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        session.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(session.info.dbname), role)
        )
        session.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(role))
    yield name
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
        session.execute(sql.SQL("DROP OWNED BY {}").format(role))
        session.execute(sql.SQL("DROP ROLE {}").format(role))


def test_a_superuser_closes_them(flavour: Server, database: str) -> None:
    with psycopg.connect(database) as session:  # as PostgreSQL 14 left it
        session.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    assert fetch_value(database, OPEN) == [True] * 5
    migrate_schema(settings_for(database), report=print)
    assert fetch_value(database, OPEN) == [False] * 5
    assert read_database_facts(settings_for(database)).open_rights == ()
    assert fetch_value(database, SIGNER) == "dosing_auditor"


def test_another_owner_names_them_until_an_administrator_has_closed_them(database: str, owner: str) -> None:
    settings = settings_for(make_conninfo(database, user=owner))
    told: list[str] = []
    migrate_schema(settings, report=told.append)
    assert any(each.startswith(f"Reviews are signed with the rights of {owner}: ") for each in told)
    left = "hold advisory locks, write large objects, write to the transaction log"
    assert any(each.startswith(f"Every role may {left} in this database: ") for each in told)
    assert read_database_facts(settings).open_rights == tuple(left.split(", "))
    assert fetch_value(database, OPEN) == [True, True, True, False, False]
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(CREATE_AUDITOR)
        session.execute(sql.SQL("GRANT dosing_auditor TO {}").format(sql.Identifier(owner)))
    again: list[str] = []
    assert migrate_schema(settings, report=again.append) == []
    assert [each[:10] for each in again] == ["A session ", "Every role"]
    assert fetch_value(database, SIGNER) == "dosing_auditor"
    assert migrate_schema(settings_for(database), report=again.append) == []
    assert migrate_schema(settings, report=again.append) == []
    assert len(again) == 2
    assert fetch_value(database, WATCHDOG) == "dosing_watchdog"


def test_the_functions_of_a_role_that_can_log_in_do_not_sign(database: str, owner: str) -> None:
    """A role that was made with a password by mistake is not taken."""
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(CREATE_AUDITOR)
        with session.transaction(force_rollback=True):
            migrate_schema(settings_for(make_conninfo(database, user=owner)), report=print)
            session.execute(sql.SQL("GRANT dosing_auditor TO {}").format(sql.Identifier(owner)))
            session.execute("ALTER ROLE dosing_auditor LOGIN")
            session.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(owner)))
            assert session.execute("SELECT assign_signature_owner()").fetchone() == (False,)
