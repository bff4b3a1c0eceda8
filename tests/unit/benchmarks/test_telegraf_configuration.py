"""What the benchmark makes of the Telegraf configuration of deploy/."""

import tomllib
from typing import Any

from tests.benchmarks.comparison.consumers import Schema, adapt_configuration
from tests.support.deploy.deploy_files import FOLDER

BROKER, DSN = "tcp://127.0.0.1:1884", "host='/tmp/x' port=5433 user=dosing dbname=plant"


def adapt(schema: Schema) -> dict[str, Any]:
    text = (FOLDER / "telegraf" / "telegraf.conf").read_text()
    return tomllib.loads(adapt_configuration(text, BROKER, DSN, "200ms", schema=schema))


def test_servers_and_flush_interval_are_the_benchmarks_and_nothing_needs_a_secret() -> None:
    found = adapt(Schema.OURS)
    assert found["agent"]["flush_interval"] == "200ms"
    assert [one["servers"] for one in found["inputs"]["mqtt_consumer"]] == [[BROKER]] * 3
    assert found["outputs"]["postgresql"][0]["connection"] == DSN
    assert "secretstores" not in found
    assert "@{" not in str(found)


def test_everything_else_is_as_in_the_plants_configuration() -> None:
    given = tomllib.loads((FOLDER / "telegraf" / "telegraf.conf").read_text())
    given["agent"]["flush_interval"] = "200ms"
    given["outputs"]["postgresql"][0]["connection"] = DSN
    del given["secretstores"]
    for one in given["inputs"]["mqtt_consumer"]:
        one["servers"] = [BROKER]
        del one["username"], one["password"]
    assert adapt(Schema.OURS) == given


def test_the_guides_schema_is_written_to_by_its_tables() -> None:
    names = [one["name_override"] for one in adapt(Schema.GUIDE)["inputs"]["mqtt_consumer"]]
    assert names == ["dosing_consumption", "batch_events", "inventory_levels"]
