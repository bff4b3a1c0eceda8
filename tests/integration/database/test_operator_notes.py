"""Notes of the operators: added by whoever may store doses, and never changed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import LiteralString

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dosing_tui.database import operator_notes
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.panels.operator_notes import MAX_TEXT_LENGTH, NoteDraft
from dosing_tui.errors import DatabaseAccessError, DatabaseUnavailableError, InvalidRowError
from tests.support.database.reading_samples import NOW, settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.database_servers import Server, new_name

DRAFT = NoteDraft(at=NOW, text="Filter of pump 2 changed.", author="M. Berg", device="station-1")
INSERT = "INSERT INTO operator_notes (at, text, author, device_id) VALUES ({}, {}, {}, 'd')"
REFUSED: dict[LiteralString, str] = {
    INSERT.format("now()", "''", "'a'"): "note_text_length",
    INSERT.format("now()", "repeat('x', 501)", "'a'"): "note_text_length",
    INSERT.format("now()", "'x'", "repeat('x', 61)"): "note_text_length",
    INSERT.format("now()", "E'a\\x1b[2J'", "'a'"): "note_text_plain",
    INSERT.format("now()", "'x'", "E'a\\nb'"): "note_text_plain",
    INSERT.format("now()", "E'a\\u202eb'", "'a'"): "note_text_harmless",
    INSERT.format("now()", "E'a\\u009bb'", "'a'"): "note_text_harmless",
    INSERT.format("'1970-01-02'", "'x'", "'a'"): "note_time_sane",
}


def test_a_note_comes_back_as_it_was_written(flavour: Server, migrated: str) -> None:
    settings = settings_for(migrated)
    stored = operator_notes.add_note(settings, DRAFT, os_user="panel3")
    earlier = operator_notes.add_note(
        settings, replace(DRAFT, at=NOW - timedelta(hours=1), device=None), os_user=""
    )
    assert operator_notes.list_notes(settings, since=NOW - timedelta(hours=1), until=NOW) == [earlier]
    assert operator_notes.list_notes(
        settings, since=NOW - timedelta(hours=2), until=NOW + timedelta(hours=1)
    ) == [
        stored,
        earlier,
    ]
    assert (stored.text, stored.author, stored.device) == (DRAFT.text, DRAFT.author, DRAFT.device)
    assert (stored.os_user, stored.db_role) == ("panel3", fetch_value(migrated, "SELECT session_user::text"))
    assert earlier.device is None


def test_the_newest_notes_are_listed_where_there_are_many(migrated: str) -> None:
    settings = settings_for(migrated)
    for minute in range(3):
        operator_notes.add_note(settings, replace(DRAFT, at=NOW + timedelta(minutes=minute)), os_user="")
    listed = operator_notes.list_notes(settings, since=NOW, until=NOW + timedelta(hours=1), limit=2)
    assert [note.at for note in listed] == [NOW + timedelta(minutes=2), NOW + timedelta(minutes=1)]


def test_letters_of_every_language_stay_and_control_characters_do_not(migrated: str) -> None:
    draft = replace(DRAFT, text="Größe 漢字 [/]\n\x1b]52;c;aGk=\x07 \u202eevil\x00", author="Zoë\t[bold")
    stored = operator_notes.add_note(settings_for(migrated), draft, os_user="\x1broot")
    assert stored.text == "Größe 漢字 [/] �]52;c;aGk=� �evil�"
    assert (stored.author, stored.os_user) == ("Zoë [bold", "�root")


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        (replace(DRAFT, text=" \n"), "The note has no text."),
        (replace(DRAFT, author=""), "The note has no author: enter your name."),
        (replace(DRAFT, text="x" * (MAX_TEXT_LENGTH + 1)), "The note is longer than 500 characters."),
        (replace(DRAFT, author="漢" * 61), "The author's name is longer than 60 characters."),
        (replace(DRAFT, at=NOW.replace(year=1999)), "The note's time lies outside 2020 to 2099."),
    ],
)
def test_what_is_no_note_is_refused_with_a_sentence(migrated: str, draft: NoteDraft, sentence: str) -> None:
    with pytest.raises(InvalidRowError, match=sentence):
        operator_notes.add_note(settings_for(migrated), draft, os_user="")


def test_five_hundred_wide_letters_fit(migrated: str) -> None:
    stored = operator_notes.add_note(
        settings_for(migrated), replace(DRAFT, text="漢" * MAX_TEXT_LENGTH), os_user=""
    )
    assert len(stored.text) == MAX_TEXT_LENGTH


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_what_other_writers_might_send(migrated: str, statement: LiteralString) -> None:
    with pytest.raises(psycopg.IntegrityError, match=REFUSED[statement]):
        execute_statements(migrated, statement)


@pytest.mark.parametrize(
    "change",
    ["UPDATE operator_notes SET text = 'other'", "DELETE FROM operator_notes", "TRUNCATE operator_notes"],
)
def test_not_even_the_owner_changes_a_note(flavour: Server, migrated: str, change: LiteralString) -> None:
    operator_notes.add_note(settings_for(migrated), DRAFT, os_user="")
    with pytest.raises(psycopg.errors.RaiseException, match="operator_notes is append-only"):
        execute_statements(migrated, change)
    assert fetch_value(migrated, "SELECT count(*) FROM operator_notes WHERE text <> 'other'") == 1


@pytest.fixture
def role(database: str) -> Iterator[str]:
    """A role that may log in and no more."""
    name = new_name("role")
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        yield name
        session.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        session.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def before_notes(database: str, role: str, right: LiteralString) -> None:
    """A database of ours from before there were notes, in which the role has the right; then migrated."""
    settings = settings_for(database)
    migrate_schema(settings, report=print)
    execute_statements(
        database,
        "DROP TABLE operator_notes",
        "DELETE FROM schema_migrations WHERE name = 'any/0010_operator_notes'",
    )
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(
            sql.SQL("GRANT {} ON dosing_consumption TO {}").format(sql.SQL(right), sql.Identifier(role))
        )
    assert migrate_schema(settings, report=print) == ["any/0010_operator_notes"]


def test_who_may_store_doses_may_add_notes_but_not_say_when_or_as_whom(database: str, role: str) -> None:
    before_notes(database, role, "INSERT")
    theirs = settings_for(make_conninfo(database, user=role))
    stored = operator_notes.add_note(theirs, DRAFT, os_user="panel3")
    assert stored.db_role == role
    for column in ("noted_at", "db_role"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            execute_statements(
                make_conninfo(database, user=role),
                f"INSERT INTO operator_notes (at, text, author, {column}) VALUES (now(), 'x', 'a', now())",
            )


def test_who_may_only_read_reads_notes_and_is_told_that_it_may_not_add_any(database: str, role: str) -> None:
    before_notes(database, role, "SELECT")
    stored = operator_notes.add_note(settings_for(database), DRAFT, os_user="")
    theirs = settings_for(make_conninfo(database, user=role))
    assert operator_notes.list_notes(theirs, since=NOW, until=NOW + timedelta(hours=1)) == [stored]
    with pytest.raises(DatabaseAccessError, match=f"user {role} may not add notes"):
        operator_notes.add_note(theirs, DRAFT, os_user="")


def test_a_database_without_notes_asks_for_migrate_and_one_that_is_away_for_patience(database: str) -> None:
    with pytest.raises(DatabaseAccessError, match="run dosing-tui migrate"):
        operator_notes.add_note(settings_for(database), DRAFT, os_user="")
    with pytest.raises(DatabaseUnavailableError):
        operator_notes.add_note(settings_for("host=127.0.0.1 port=1 user=u dbname=plant"), DRAFT, os_user="")
