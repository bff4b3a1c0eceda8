"""The corrected Telegraf configuration holds options that Telegraf has, and columns that our tables have."""

import re
import tomllib
from pathlib import Path
from typing import Any

import psycopg

from tests.support.deploy.deploy_files import FOLDER, list_services, list_users, secrets_of

OPTIONS = {
    plugin: frozenset(names.split())
    for plugin, names in (
        line.split(":")
        for line in Path(__file__).with_name("telegraf_options.txt").read_text().splitlines()
        if not line.startswith("#")
    )
}
"""What Telegraf knows, by plugin."""
CONFIGURATION: dict[str, Any] = tomllib.loads((FOLDER / "telegraf" / "telegraf.conf").read_text())
"""Whatever TOML holds."""
INPUTS: list[dict[str, Any]] = CONFIGURATION["inputs"]["mqtt_consumer"]
FIELDS = {
    "ingest_dosing_consumption": {"pump", "target_g", "actual_g", "error_g", "duration_ms"},
    "ingest_batch_events": {"pumps", "pump", "mass_g"},
    "ingest_inventory_levels": {"remaining_g", "capacity_g", "percent_full"},
}
"""Numbers of the stations' messages, by the view they go to."""


def test_telegraf_has_every_option() -> None:
    assert set(CONFIGURATION) == {"agent", "secretstores", "inputs", "processors", "outputs"}
    assert set(CONFIGURATION["agent"]) <= OPTIONS["agent"]
    of_inputs = OPTIONS["input"] | OPTIONS["mqtt_consumer"] | OPTIONS["json"]
    assert all(set(given) <= of_inputs for given in INPUTS)
    assert all(set(given) <= OPTIONS["postgresql"] for given in CONFIGURATION["outputs"]["postgresql"])
    assert all(set(given) <= OPTIONS["docker"] for given in CONFIGURATION["secretstores"]["docker"])
    assert all(
        set(given["fields"]) <= OPTIONS["converter"] for given in CONFIGURATION["processors"]["converter"]
    )


def test_the_options_of_the_guide_that_end_telegraf_are_gone() -> None:
    assert {"tables", "timestamp_column", "timeout"}.isdisjoint(CONFIGURATION["outputs"]["postgresql"][0])


def test_nothing_is_acknowledged_before_it_is_written_and_no_session_is_shared() -> None:
    assert all(given["persistent_session"] and given["qos"] == 1 for given in INPUTS)
    assert len({given["client_id"] for given in INPUTS}) == len(INPUTS) == 3


def test_its_passwords_are_secrets_of_the_service() -> None:
    text = (FOLDER / "telegraf" / "telegraf.conf").read_text()
    assert set(re.findall(r"@\{docker:(\w+)\}", text)) == set(secrets_of(list_services()["telegraf"]))
    assert {given["username"] for given in INPUTS} <= set(list_users())


def test_every_text_that_a_station_may_send_is_a_column_and_no_text_is_left_out(migrated: str) -> None:
    with psycopg.connect(migrated) as session:
        for given in INPUTS:
            texts = session.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
                " AND data_type = 'text' AND column_name <> 'time_quality'",
                (given["name_override"],),
            ).fetchall()
            assert {name for (name,) in texts} == set(given["tag_keys"])


def test_every_column_that_telegraf_writes_is_there_and_no_other_is_needed(migrated: str) -> None:
    with psycopg.connect(migrated) as session:
        for given in INPUTS:
            table = given["name_override"]
            columns = {"time", *given["tag_keys"], *FIELDS[table]}
            rows = session.execute(
                "SELECT column_name, is_nullable = 'NO' AND column_default IS NULL"
                " FROM information_schema.columns WHERE table_name = %s",
                (table,),
            ).fetchall()
            assert columns <= {name for name, _ in rows}
            assert {name for name, needed in rows if needed} <= columns
            assert ("json_time_key" in given) == (table != "ingest_inventory_levels")
