"""What hangs on the guide's tables survives their adoption, or is refused before anything has happened."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.errors import DatabaseAccessError
from tests.support.database.guide_database import guide_database
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database_servers import Server, new_name

DOSE: LiteralString = "INSERT INTO dosing_consumption (time, device_id, pump, chemical, actual_g) VALUES {}"
ONE: LiteralString = "('2026-11-01 10:00:00+00', 'd', 1, 'BDO', 2.5)"


def adopt_database(dsn: str) -> list[str]:
    return migrate_schema(settings_for(dsn), report=lambda line: None)


@pytest.fixture
def guide(flavour: Server, database: str) -> str:
    guide_database(database)
    execute_statements(database, DOSE.format(ONE))
    return database


@pytest.fixture
def role(server: Server, database: str) -> Iterator[str]:
    """A role's name; it may log in and owns nothing yet."""
    name = new_name("role")
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        yield name
        session.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(name)))
        session.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def grant_privileges(dsn: str, template: LiteralString, role: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(sql.SQL(template).format(sql.Identifier(role)))


def test_what_telegraf_added_to_the_rows_is_carried_along(guide: str) -> None:
    execute_statements(
        guide,
        "ALTER TABLE dosing_consumption ADD COLUMN host text, ADD COLUMN facility varchar(20)",
        DOSE.replace("actual_g", "host, facility").format(
            "(now(), 'd', 1, 'BDO', 'gateway', 'main_factory')"
        ),
        DOSE.replace("actual_g", "host").format("('1970-01-01', 'd', 1, 'BDO', 'gateway')"),
    )
    adopt_database(guide)
    kept = fetch_rows(guide, "SELECT host, facility FROM dosing_consumption ORDER BY time")
    assert kept == [(None, None), ("gateway", "main_factory")]
    assert fetch_value(guide, "SELECT row->>'host' FROM legacy_import_rejects") == "gateway"
    execute_statements(guide, DOSE.replace("actual_g", "host").format("(now(), 'e', 1, 'BDO', 'gateway')"))


def test_copies_by_two_telegrafs_are_copies(guide: str) -> None:
    execute_statements(
        guide,
        "ALTER TABLE dosing_consumption ADD COLUMN host text",
        DOSE.replace("actual_g", "host").format("('2026-11-02', 'd', 1, 'BDO', 'a')"),
        DOSE.replace("actual_g", "host").format("('2026-11-02', 'd', 1, 'BDO', 'b')"),
    )
    adopt_database(guide)
    assert fetch_value(guide, "SELECT count(*) FROM dosing_consumption") == 2


def test_tables_that_telegraf_made_by_itself_are_adopted(flavour: Server, database: str) -> None:
    execute_statements(
        database,
        "CREATE TABLE dosing_consumption (time timestamp, device_id text, chemical text, recipe text,"
        " mode text, pump double precision, target_g double precision, actual_g double precision,"
        " duration_ms double precision)",
        "INSERT INTO dosing_consumption VALUES"
        " ('2026-11-01 10:00', 'd', 'BDO', NULL, 'auto', 2, 50, 50.5, 4000),"
        " ('2026-11-01 10:01', NULL, 'BDO', NULL, 'auto', 2, 50, 50.5, 4000),"
        " ('2026-11-01 10:02', 'd', 'BDO', NULL, 'auto', 3e9, 50, 50.5, 4000),"
        " ('2026-11-01 10:03', 'd', 'BDO', NULL, 'auto', 2, 50, 50.5, 'NaN'),"
        " (NULL, 'd', 'BDO', NULL, 'auto', 2, 50, 50.5, 4000)",
    )
    migrate_schema(settings_for(database, zone="Asia/Tokyo"), report=print)
    kept = fetch_rows(
        database, "SELECT time::text, pump, error_g, recipe, duration_ms FROM dosing_consumption"
    )
    assert kept == [("2026-11-01 10:00:00+00", 2, None, "", 4000)]
    reasons = sorted(reason for (reason,) in fetch_rows(database, "SELECT reason FROM legacy_import_rejects"))
    assert reasons == ["device_id is missing", "duration_ms is NaN", "pump is 3000000000", "time is missing"]


def test_who_could_read_or_write_still_can(guide: str, role: str) -> None:
    grant_privileges(guide, "GRANT SELECT ON dosing_consumption, latest_inventory TO {}", role)
    grant_privileges(guide, "GRANT INSERT ON dosing_consumption TO {} WITH GRANT OPTION", role)
    adopt_database(guide)
    theirs = make_conninfo(guide, user=role)
    execute_statements(theirs, DOSE.format("(now(), 'd', 1, 'BDO', 2.5)"), "SELECT * FROM latest_inventory")
    assert fetch_value(theirs, "SELECT sum(actual_g) FROM dosing_consumption") == 5.0
    assert fetch_value(theirs, "SELECT sum(sum_actual_g) FROM plant_rollup WHERE grain = 2") == 5.0
    assert fetch_value(theirs, "SELECT sum(total_grams) FROM dosing_consumption_hourly") == 5.0
    assert fetch_value(theirs, "SELECT has_table_privilege('dosing_consumption', 'INSERT WITH GRANT OPTION')")
    assert not fetch_value(theirs, "SELECT has_table_privilege('dosing_consumption', 'DELETE')")


def test_who_could_write_doses_may_write_notes_and_alarms(guide: str, role: str) -> None:
    grant_privileges(guide, "GRANT INSERT ON dosing_consumption TO {}", role)
    adopt_database(guide)
    theirs = make_conninfo(guide, user=role)
    execute_statements(theirs, "INSERT INTO operator_notes (at, text, author) VALUES (now(), 'x', 'a')")
    assert fetch_value(theirs, "SELECT count(*) FROM operator_notes") == 1
    execute_statements(
        theirs,
        "INSERT INTO alarm_journal (uuid, site, rule, event, at, received_at, priority, rule_version)"
        " VALUES (gen_random_uuid(), 's', 'X', 'raise', now(), now(), 'low', 1)",
    )
    assert fetch_value(theirs, "SELECT count(*) FROM alarm_journal") == 1


def test_a_right_on_one_column_stays_one(database: str, role: str) -> None:
    guide_database(database, extension=False)
    grant_privileges(database, "GRANT SELECT (time, event) ON batch_events TO {}", role)
    adopt_database(database)
    theirs = make_conninfo(database, user=role)
    execute_statements(theirs, "SELECT time, event FROM batch_events")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute_statements(theirs, "SELECT device_id FROM batch_events")


def test_the_tables_stay_with_their_owner(guide: str, role: str) -> None:
    grant_privileges(guide, "GRANT CREATE ON SCHEMA public TO {}", role)
    with psycopg.connect(guide, autocommit=True) as session:
        for table in ("dosing_consumption", "batch_events", "inventory_levels"):
            session.execute(
                sql.SQL("ALTER TABLE {} OWNER TO {}").format(sql.Identifier(table), sql.Identifier(role))
            )
        session.execute(sql.SQL("ALTER VIEW latest_inventory OWNER TO {}").format(sql.Identifier(role)))
        give_database = sql.SQL("GRANT CREATE ON DATABASE {} TO {}")
        session.execute(give_database.format(sql.Identifier(session.info.dbname), sql.Identifier(role)))
        give_aggregate = sql.SQL("ALTER MATERIALIZED VIEW {} OWNER TO {}")
        if session.execute("SELECT to_regclass('dosing_consumption_hourly')").fetchone() != (None,):
            session.execute(
                give_aggregate.format(sql.Identifier("dosing_consumption_hourly"), sql.Identifier(role))
            )
    adopt_database(guide)
    owners = fetch_rows(
        guide,
        "SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class c"
        " WHERE relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')",
    )
    assert owners == [(role,)]
    execute_statements(make_conninfo(guide, user=role), "ALTER TABLE dosing_consumption ADD COLUMN host text")


def test_the_plants_own_views_are_made_again_with_their_rights(guide: str, role: str) -> None:
    execute_statements(
        guide,
        "CREATE VIEW per_chemical AS SELECT chemical, sum(actual_g) AS g FROM dosing_consumption GROUP BY 1",
        "CREATE VIEW heavy AS SELECT * FROM per_chemical WHERE g > 1",
        "CREATE VIEW tanks AS SELECT chemical, percent_full FROM latest_inventory",
    )
    grant_privileges(guide, "GRANT SELECT ON heavy TO {}", role)
    adopt_database(guide)
    execute_statements(guide, DOSE.format("(now(), 'd', 1, 'BDO', 2.5)"))
    assert fetch_rows(make_conninfo(guide, user=role), "SELECT * FROM heavy") == [("BDO", 5.0)]
    assert fetch_rows(guide, "SELECT * FROM tanks") == []


def test_a_view_of_the_same_name_without_the_guides_tables_is_not_touched(database: str) -> None:
    execute_statements(database, "CREATE VIEW latest_inventory AS SELECT 1 AS mine")
    with pytest.raises(DatabaseAccessError, match='"latest_inventory" already exists'):
        adopt_database(database)
    assert fetch_rows(database, "SELECT mine FROM latest_inventory") == [(1,)]


REFUSED: dict[LiteralString, str] = {
    "CREATE MATERIALIZED VIEW mine AS SELECT * FROM batch_events": r"materialized view public\.mine",
    "ALTER TABLE batch_events ADD COLUMN dedup text": "a column dedup of its own",
    "ALTER TABLE batch_events ALTER pumps TYPE inet USING '::1'": "column pumps of batch_events is inet",
    "ALTER TABLE batch_events DROP COLUMN device_id": "no column device_id",
    "CREATE TRIGGER mine AFTER INSERT ON batch_events FOR EACH ROW EXECUTE FUNCTION mine()": "trigger mine",
    "ALTER TABLE batch_events ENABLE ROW LEVEL SECURITY": "row security",
    "ALTER TABLE batch_events RENAME COLUMN event TO what": "no column event",
}


@pytest.mark.parametrize("change", REFUSED)
def test_what_an_adoption_would_lose_is_refused_before_anything_happens(
    database: str, change: LiteralString
) -> None:
    guide_database(database, extension=False)
    execute_statements(
        database,
        "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        DOSE.format(ONE),
        change,
    )
    with pytest.raises(DatabaseAccessError, match=REFUSED[change]):
        list_pending_steps(settings_for(database))
    with pytest.raises(DatabaseAccessError, match=REFUSED[change]):
        adopt_database(database)
    assert fetch_value(database, "SELECT count(*) FROM dosing_consumption") == 1
    assert fetch_value(database, "SELECT to_regclass('schema_migrations')") is None
