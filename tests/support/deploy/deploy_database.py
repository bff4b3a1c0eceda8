"""A database with the stack's roles, made as its containers make it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dosing_tui.config.settings import Settings
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo.servers.postgres_binaries import find_binaries
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements
from tests.support.database_servers import Server, new_name
from tests.support.deploy.deploy_files import FOLDER, list_services

ROLES = ("dosing_owner", "dosing_writer", "dosing_operator", "dosing_viewer", "dosing_telegraf")
LOCK = 0x646570
"""Key of the lock of whoever has the roles."""


@dataclass(frozen=True, slots=True)
class DeployedPlant:
    dsn: str
    """As the superuser."""
    secrets: Path

    def dsn_of(self, role: str) -> str:
        return make_conninfo(self.dsn, user=role)

    def settings_of(self, role: str) -> Settings:
        return settings_for(self.dsn_of(role))

    def set_rights(self) -> None:
        """By the command of the stack's service, with its places put in those here."""
        (command,) = list_services()["rights"]["command"]
        for theirs, here in {
            "$$": "$",
            "/run/secrets": self.secrets,
            "--host=timescaledb ": "",
            "--dbname=factory_metrics ": "",
            "/dosing/rights.sql": FOLDER / "postgres" / "rights.sql",
        }.items():
            assert theirs in command
            command = command.replace(theirs, str(here))
        run_shell(("/bin/sh", "-c", command), self.dsn, {})


@contextmanager
def plant_on(server: Server, secrets: Path) -> Iterator[DeployedPlant]:
    """The roles belong to the whole server: one plant at a time, whichever of pytest's processes wants it."""
    name = new_name("deploy")
    plant = DeployedPlant(server.dsn_of(name), secrets)
    with psycopg.connect(server.dsn, autocommit=True) as alone:
        alone.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        server.execute_statements(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            if server.name.startswith("timescale"):
                execute_statements(
                    plant.dsn, "CREATE EXTENSION IF NOT EXISTS timescaledb"
                )  # the image's own scripts have
            make_roles(plant.dsn, secrets)
            migrate_schema(plant.settings_of("dosing_owner"), report=print)
            plant.set_rights()
            yield plant
        finally:
            server.drop_database(name)
            server.execute_statements(
                *(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)) for role in ROLES)
            )


def password_of(role: str) -> str:
    """With all that a shell, psql or SQL could take for its own."""
    return f"{role} 'a' \\n \"b\" $c :d"


def make_roles(dsn: str, secrets: Path) -> None:
    """As the database's container does when it is new."""
    for role in ROLES:
        (secrets / role).write_text(password_of(role) + "\n")
    environment = {
        "SECRETS": str(secrets),
        "ROLES_SQL": str(FOLDER / "postgres" / "roles.sql"),
        "POSTGRES_USER": str(conninfo_to_dict(dsn)["user"]),
        "POSTGRES_DB": str(conninfo_to_dict(dsn)["dbname"]),
    }
    run_shell((FOLDER / "postgres" / "010_roles.sh",), dsn, environment)


def run_shell(command: tuple[object, ...], dsn: str, environment: dict[str, str]) -> None:
    """With psql at hand, and the server and database that ``dsn`` names.

    AssertionError with what it said, if it fails.
    """
    given = conninfo_to_dict(dsn)
    ours = {
        "PATH": f"{find_binaries().bin}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": str(given["host"]),
        "PGPORT": str(given.get("port", "5432")),
        "PGDATABASE": str(given["dbname"]),
        "PGPASSWORD": str(given.get("password", "")),
    }
    done = subprocess.run(
        [str(part) for part in command], env={**ours, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def is_refused(dsn: str, statement: sql.Composed) -> bool:
    """Whether the server says that the role may not; the statement changes nothing in any case."""
    with psycopg.connect(dsn) as session:
        try:
            session.execute(statement)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction):
            return True
        finally:
            session.rollback()
    return False
