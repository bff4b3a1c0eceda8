"""The benchmark's command at its smallest."""

import json
from pathlib import Path

import pytest

from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_mosquitto
from tests.benchmarks.__main__ import main
from tests.benchmarks.load import PlainPublisher, Station, encode_publish
from tests.support.database_servers import Server, skip_absent


def test_a_flood_is_measured_printed_and_written(
    request: pytest.FixtureRequest, postgres: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if find_mosquitto() is None:
        skip_absent(request, "Mosquitto is not installed")
    file = tmp_path / "figures.json"
    asked = ["--only", "flood", "--flood", "300", "--rounds", "1", "--dsn", postgres.dsn, "--json", str(file)]
    main(asked)
    written = json.loads(file.read_text())
    assert {"date", "commit", "machine", "versions"} < set(written)
    figures = {one["figure"]: one["median"] for one in written["figures"]}
    assert figures["flood of 300: rows lost"] == 0
    assert figures["flood of 300: messages/s until committed"] > 0
    assert "| flood of 300: messages/s until committed" in capsys.readouterr().out


def test_two_loads_publish_side_by_side(mosquitto: EmbeddedBroker) -> None:
    place = (mosquitto.host, mosquitto.port)
    loads = [PlainPublisher(*place) for _ in range(2)]
    for number in range(3):
        for first, load in enumerate(loads, start=1):
            load.send_packets([encode_publish(Station(first).next_line(0.0), number)])
    for load in loads:
        load.wait_for_acknowledgements()
