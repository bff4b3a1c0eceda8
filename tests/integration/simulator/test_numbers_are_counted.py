"""The gaps that a collector finds in a simulated plant's numbers are the messages that its faults lost."""

from datetime import timedelta
from itertools import islice

from dosing_tui.config.settings import MqttSettings
from dosing_tui.domain.presence.sequence_stamp import SequenceStamp, read_sequence_stamps
from dosing_tui.domain.presence.sequence_tracker import SETTLE_TIME, SequenceTracker
from dosing_tui.simulator.fault_injection import ExpectedOutcome
from dosing_tui.simulator.plant import SimulatedPlant
from dosing_tui.simulator.station_statuses import StationStatuses
from tests.support.simulator.simulated_plants import ALL, NOW


def test_lost_are_the_messages_that_the_faults_lost_whatever_restarts_and_repeats() -> None:
    plant = SimulatedPlant(1, 9, since=NOW)
    statuses = StationStatuses(MqttSettings(), plant.device_ids, seed="1")
    tracker, last, lost, found, at = SequenceTracker(), dict[str, bytes](), 0, 0, NOW
    for message in islice(plant.generate_live(NOW, rate=8.0, faults=ALL), 6_000):
        device, payload, at = message.device_id, message.payload, message.at
        if message.is_first_after_start:
            statuses.restart_station(device)
            line = statuses._statuses[device].build_line()
            tracker.add_stamps([SequenceStamp(device, line.boot_id, line.seq)], at)
        statuses.lose_messages(device, message.lost_before)
        lost += message.lost_before
        if message.outcome is ExpectedOutcome.DUPLICATE:
            payload = last[device]
        elif message.outcome is ExpectedOutcome.ACCEPT:
            payload = last[device] = statuses.number_payload(device, payload)
        tracker.add_stamps(read_sequence_stamps(payload), at)
        found += sum(loss.count for loss in tracker.settle(at))
    found += sum(loss.count for loss in tracker.settle(at + 2 * SETTLE_TIME + timedelta(seconds=1)))
    assert found == lost > 50
