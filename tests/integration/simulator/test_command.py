"""The simulator against a real broker: the tally is what subscribers find."""

import json
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Event, Thread

import pytest

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port
from dosing_tui.domain.messages.models import Rejection
from dosing_tui.errors import BrokerError, ConfigError
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.simulator import publish_loop
from dosing_tui.simulator.command import override_address, run_simulate_command
from dosing_tui.simulator.fault_injection import Fault
from dosing_tui.simulator.plant import SimulatedPlant
from dosing_tui.simulator.publish_loop import PublishTally, run_simulation
from tests.support.polling import wait_until
from tests.support.simulator.recording_subscriber import record_traffic
from tests.support.simulator.simulated_plants import ALL, LEVELS, decode_fields
from tests.unit.simulator.test_message_parser_agrees import new_intake


def publish_for(
    settings: MqttSettings,
    *,
    rate: float | None = 500.0,
    duration_s: float | None = 2.0,
    qos: int = 1,
    faults: frozenset[Fault] = ALL,
    stop: Event | None = None,
    report: list[str] | None = None,
    plant: SimulatedPlant | None = None,
) -> PublishTally:
    return run_simulation(
        settings, devices=4, rate=rate, seed=7, speed=1.0, faults=faults, qos=qos, duration_s=duration_s,
        stop=stop or Event(), report=(report if report is not None else []).append, plant=plant,
    )  # fmt: skip


def count_rejected(deliveries: list[ReceivedMessage]) -> int:
    intake = new_intake()
    units = [
        intake.parse_message(each.topic, each.payload, received_at=each.received_at) for each in deliveries
    ]
    return sum(isinstance(unit, Rejection) for (unit,) in units)


@pytest.mark.parametrize("qos", [0, 1])
def test_subscribers_find_what_the_tally_says(
    mosquitto: EmbeddedBroker, qos: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish_loop, "FLUSH_TIMEOUT_S", 120.0)  # a busy machine may take its time
    settings = mosquitto.settings
    with record_traffic(settings) as heard:
        tally = publish_for(settings, qos=qos)
        wait_until(lambda: len(heard.list_payloads(settings)) >= tally.published)
    messages = Counter(heard.list_payloads(settings))
    assert messages.total() == tally.published == 1_000
    assert messages.total() - len(messages) == tally.duplicates_expected == tally.faults[Fault.DUPLICATES]
    plant = [each for each in heard.deliveries if each.topic in settings.topics]
    assert count_rejected(plant) == tally.rejects_expected > 0
    # whether a complete is due to be lost depends on where in a second the run began
    assert set(Fault) - set(tally.faults) <= {Fault.LOST_COMPLETE}
    assert (tally.lost, tally.resent, tally.unconfirmed) == (0, 0, 0)


def test_gaps_in_the_numbers_are_the_lost_messages_and_a_reboot_counts_anew(
    mosquitto: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish_loop, "FLUSH_TIMEOUT_S", 120.0)
    settings = mosquitto.settings
    faults = frozenset({Fault.REBOOT, Fault.LOST_START, Fault.LOST_COMPLETE, Fault.DUPLICATES})
    with record_traffic(settings) as heard:
        tally = publish_for(settings, faults=faults)
        wait_until(lambda: len(heard.list_payloads(settings)) >= tally.published)
    numbers: dict[str, list[int]] = {}
    for each in heard.deliveries:
        if each.topic in settings.topics:
            fields = json.loads(each.payload)
            numbers.setdefault(fields["device_id"], []).append(fields["seq"])
    starts = sum(later < earlier for own in numbers.values() for earlier, later in pairwise(own))
    assert 0 < starts <= tally.faults[Fault.REBOOT]
    repeats = sum(later == earlier for own in numbers.values() for earlier, later in pairwise(own))
    assert repeats == tally.duplicates_expected > 0
    # beside the lost ones, numbers are those of the statuses: one at the connection, one at each start
    skipped = sum(later - earlier - 1 for own in numbers.values() for earlier, later in pairwise(own)
                  if later > earlier)  # fmt: skip
    lost = tally.faults[Fault.LOST_START] + tally.faults.get(Fault.LOST_COMPLETE, 0)
    # one that is lost just before a reboot, or the end, leaves no gap
    unseen = tally.faults[Fault.REBOOT] + len(numbers)
    assert lost > 0
    assert max(1, lost - unseen) <= skipped <= lost + len(numbers)


def test_no_message_is_lost_when_the_broker_restarts_at_qos_1(mosquitto: EmbeddedBroker) -> None:
    settings, stop, sentences, tallies = mosquitto.settings, Event(), list[str](), list[PublishTally]()

    def work() -> None:
        tallies.append(publish_for(settings, rate=300, duration_s=None, stop=stop, report=sentences))

    with record_traffic(settings) as heard:
        worker = Thread(target=work)
        worker.start()
        wait_until(lambda: len(heard.list_payloads(settings)) > 200)
        mosquitto.restart()
        wait_until(lambda: any("connected again" in sentence for sentence in sentences))
        before = len(heard.list_payloads(settings))
        wait_until(lambda: len(heard.list_payloads(settings)) > before + 200)
        stop.set()
        worker.join()
        (tally,) = tallies
        distinct = tally.published - tally.duplicates_expected
        wait_until(lambda: len(set(heard.list_payloads(settings))) >= distinct)
    assert "was lost; connecting again." in sentences[0]
    assert tally.lost == tally.unconfirmed == 0


def test_stop_ends_it_at_once_also_between_two_batches(mosquitto: EmbeddedBroker) -> None:
    stop = Event()
    stop.set()
    assert publish_for(mosquitto.settings, rate=None, duration_s=None, stop=stop).published == 0


def test_a_plant_with_a_past_goes_on_at_the_broker(mosquitto: EmbeddedBroker) -> None:
    settings, now = mosquitto.settings, datetime.now(UTC)
    plant = SimulatedPlant(1, 1, since=now - timedelta(days=1), mqtt=settings)
    last = {
        decode_fields(m)["chemical"]: decode_fields(m)["remaining_g"]
        for m in plant.generate_history(now, UTC)
        if m.topic == LEVELS
    }
    with record_traffic(settings) as heard:
        tally = publish_for(settings, rate=100, duration_s=0.5, faults=frozenset(), plant=plant)
        wait_until(lambda: len(heard.list_payloads(settings)) == tally.published == 50)
    levels = [json.loads(payload) for topic, payload in heard.list_payloads(settings) if topic == LEVELS]
    for level in levels:
        chemical = level["chemical"]
        assert 0 < last[chemical] - level["remaining_g"] < 120
        last[chemical] = level["remaining_g"]


def test_a_prefix_is_honoured_at_the_broker(mosquitto: EmbeddedBroker) -> None:
    settings = MqttSettings(host=mosquitto.host, port=mosquitto.port, prefix="works/7")
    with record_traffic(settings) as heard:
        tally = publish_for(settings, rate=200, duration_s=0.2)
        wait_until(lambda: len(heard.list_payloads(settings)) == tally.published)
    assert {topic for topic, _ in heard.list_payloads(settings)} <= set(settings.topics)


def test_a_broker_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(BrokerError, match="cannot be reached"):
        publish_for(MqttSettings(host="127.0.0.1", port=find_free_port()))


def test_the_command_prints_its_tally_as_one_line_of_json(
    mosquitto: EmbeddedBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    sentences: list[str] = []
    status = run_simulate_command(
        MqttSettings(), broker=f"127.0.0.1:{mosquitto.port}", devices=2, rate=100, seed=1, speed=1,
        faults="nan", qos=1, duration_s=0.5, report=sentences.append,
    )  # fmt: skip
    (line,) = capsys.readouterr().out.splitlines()
    assert status == 0
    assert json.loads(line)["published"] == 50
    assert sentences[0].startswith(f"Publishing to 127.0.0.1:{mosquitto.port} as 2 station(s)")


def test_sigterm_ends_the_program_with_its_tally(mosquitto: EmbeddedBroker) -> None:
    command = (sys.executable, "-m", "dosing_tui", "simulate", "--broker", f"127.0.0.1:{mosquitto.port}")
    with (
        record_traffic(mosquitto.settings) as heard,
        subprocess.Popen(
            (*command, "--rate", "50", "--qos", "1"), stdout=subprocess.PIPE, text=True
        ) as program,
    ):
        wait_until(lambda: len(heard.list_payloads(mosquitto.settings)) > 10)
        program.send_signal(signal.SIGTERM)
        output, _ = program.communicate(timeout=60)
        tally = json.loads(output)
        wait_until(lambda: len(heard.list_payloads(mosquitto.settings)) == tally["published"])
    assert program.returncode == 0


@pytest.mark.parametrize(
    ("typed", "host", "port"),
    [
        ("", "there", 1884),
        ("here", "here", 1884),
        ("here:1", "here", 1),
        ("[::1]:2", "::1", 2),
        ("::1", "::1", 1884),
        ("[::1]", "::1", 1884),
    ],
)
def test_a_broker_is_typed_as_host_and_port(typed: str, host: str, port: int) -> None:
    settings = override_address(MqttSettings(host="there", port=1884), typed)
    assert (settings.host, settings.port) == (host, port)


@pytest.mark.parametrize("typed", ["mqtt://x:1", "x:0", "x:y", "x:65536", ":1", "x:²"])
def test_what_is_not_host_and_port_is_refused(typed: str) -> None:
    with pytest.raises(ConfigError, match="is not HOST or HOST:PORT"):
        override_address(MqttSettings(), typed)
