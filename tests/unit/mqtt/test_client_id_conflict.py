from datetime import UTC, datetime, timedelta

from dosing_tui.mqtt.client_id_conflict import ClientIdConflict, ClientIdSharing

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def replay_lifetimes(contention: ClientIdConflict, seconds: list[float], *, taken_over: bool = False) -> None:
    for number, lived in enumerate(seconds):
        begun = NOON + timedelta(minutes=number)
        contention.on_connect(begun)
        contention.on_disconnect(begun + timedelta(seconds=lived), taken_over=taken_over)


def test_three_short_connections_in_a_row_point_to_another_program() -> None:
    contention = ClientIdConflict("collector")
    replay_lifetimes(contention, [1, 1])
    assert not contention.is_detected
    replay_lifetimes(contention, [1])
    assert contention.is_detected
    assert "'collector'" in contention.reason


def test_a_long_connection_between_them_does_not() -> None:
    contention = ClientIdConflict("collector")
    replay_lifetimes(contention, [1, 1, 60, 1])
    assert not contention.is_detected
    assert contention.reason == ""


def test_a_broker_that_says_so_is_believed_at_once() -> None:
    contention = ClientIdConflict("collector")
    replay_lifetimes(contention, [3600], taken_over=True)
    assert contention.is_detected
    assert "Another program connected" in contention.reason


def test_it_is_over_when_a_connection_lasts() -> None:
    contention = ClientIdConflict("collector")
    replay_lifetimes(contention, [1, 1, 1])
    contention.on_connect(NOON)
    assert not contention.clear_if_stable(NOON + timedelta(seconds=4))
    assert contention.clear_if_stable(NOON + timedelta(seconds=6))
    assert not contention.is_detected


def test_one_short_connection_is_a_suspicion_until_the_next_is_stable() -> None:
    contention = ClientIdConflict("collector")
    assert contention.judge_sharing(NOON) is ClientIdSharing.NONE
    replay_lifetimes(contention, [1])
    assert contention.judge_sharing(NOON) is ClientIdSharing.SUSPECTED
    contention.on_connect(NOON)
    assert contention.judge_sharing(NOON + timedelta(seconds=4)) is ClientIdSharing.SUSPECTED
    assert contention.judge_sharing(NOON + timedelta(seconds=6)) is ClientIdSharing.NONE


def test_a_conflict_means_that_the_client_id_is_shared() -> None:
    contention = ClientIdConflict("collector")
    replay_lifetimes(contention, [1, 1, 1])
    contention.on_connect(NOON)
    assert contention.judge_sharing(NOON + timedelta(seconds=6)) is ClientIdSharing.DETECTED
    assert contention.clear_if_stable(NOON + timedelta(seconds=6))
    assert contention.judge_sharing(NOON + timedelta(seconds=6)) is ClientIdSharing.NONE
