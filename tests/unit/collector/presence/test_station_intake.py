"""Lost messages while another program reads with the collector's client ID."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from dosing_tui.collector.presence.station_intake import BrokerDelivery, StationIntake
from dosing_tui.config.settings import MqttSettings
from dosing_tui.domain.presence.models import MessageLoss
from dosing_tui.domain.presence.sequence_tracker import SETTLE_TIME
from dosing_tui.mqtt.client_id_conflict import ClientIdSharing
from dosing_tui.mqtt.message import ReceivedMessage

START = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
LATER = START + 2 * SETTLE_TIME


def receive(intake: StationIntake, numbers: Iterable[int]) -> None:
    for number in numbers:
        payload = json.dumps({"device_id": "s1", "seq": number}).encode()
        intake.take_report(ReceivedMessage(MqttSettings().topics[0], payload, START, 0, 0, False, 1))


def take_losses(
    intake: StationIntake, sharing: ClientIdSharing, *, at: datetime = LATER, is_withholding: bool = False
) -> list[tuple[int, int]]:
    news = intake.take_news(at, BrokerDelivery(sharing, is_withholding))
    return [(each.first, each.count) for each in news if isinstance(each, MessageLoss) and each.count]


def test_what_another_program_receives_is_not_lost() -> None:
    intake = StationIntake(MqttSettings())
    receive(intake, [1, 2, 5, 6])
    assert take_losses(intake, ClientIdSharing.DETECTED) == []
    receive(intake, [20, 21, 24])
    assert take_losses(intake, ClientIdSharing.NONE) == [(22, 2)]


def test_a_suspicion_that_proves_wrong_hides_no_loss() -> None:
    intake = StationIntake(MqttSettings())
    receive(intake, [1, 2, 5, 6])
    assert take_losses(intake, ClientIdSharing.SUSPECTED) == []
    assert take_losses(intake, ClientIdSharing.NONE, at=LATER + SETTLE_TIME) == [(3, 2)]


def test_what_waits_at_the_broker_has_its_time_once_it_can_come() -> None:
    intake = StationIntake(MqttSettings())
    receive(intake, [1, 2, 5, 6])
    assert take_losses(intake, ClientIdSharing.NONE, is_withholding=True) == []
    assert take_losses(intake, ClientIdSharing.NONE, at=LATER + SETTLE_TIME / 2) == []
    receive(intake, [3])
    assert take_losses(intake, ClientIdSharing.NONE, at=LATER + 2 * SETTLE_TIME) == [(4, 1)]


@pytest.mark.parametrize("sharing", ClientIdSharing)
def test_the_beginning_of_a_count_is_reported_once(sharing: ClientIdSharing) -> None:
    intake = StationIntake(MqttSettings())
    receive(intake, [1])
    began = [
        *intake.take_news(LATER, BrokerDelivery(sharing)),
        *intake.take_news(LATER + timedelta(seconds=1)),
    ]
    receive(intake, [2])
    assert intake.take_news(LATER) == []
    assert began == [MessageLoss("s1", START, 0, 1, 1)]
