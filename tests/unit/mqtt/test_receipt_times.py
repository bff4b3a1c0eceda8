"""The time of receipt is part of the key of a reading without a time: no two messages share one."""

from datetime import UTC, datetime, timedelta

from dosing_tui.config.settings import MqttSettings
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.publish_frames import PublishFrame
from dosing_tui.mqtt.subscriber import Subscriber

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_equal_messages_of_one_read_differ_in_time_and_so_do_those_of_the_next() -> None:
    now, received = [NOON], list[ReceivedMessage]()
    subscriber = Subscriber(
        MqttSettings(),
        client_id="c",
        persistent=True,
        on_messages=received.extend,
        on_link=lambda up, why: None,
        clock=lambda: now[0],
    )
    frames = [PublishFrame("plant/dosing", b"{}", number, False, False) for number in (1, 2, 3)]
    subscriber._on_frames(frames)
    subscriber._on_frames(frames)
    times = [message.received_at for message in received]
    assert times == sorted(set(times))
    assert times[-1] - NOON < timedelta(milliseconds=1)
    now[0] = NOON - timedelta(hours=1)
    subscriber._on_frames(frames[:1])
    assert received[-1].received_at == now[0]
