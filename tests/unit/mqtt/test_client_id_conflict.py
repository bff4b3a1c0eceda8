from datetime import UTC, datetime, timedelta

from dosing_tui.mqtt.client_id_conflict import Contention

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def lives(contention: Contention, seconds: list[float], *, taken_over: bool = False) -> None:
    for number, lived in enumerate(seconds):
        begun = NOON + timedelta(minutes=number)
        contention.connected(begun)
        contention.lost(begun + timedelta(seconds=lived), taken_over=taken_over)


def test_three_short_connections_in_a_row_point_to_another_program() -> None:
    contention = Contention("collector")
    lives(contention, [1, 1])
    assert not contention.contested
    lives(contention, [1])
    assert contention.contested
    assert "'collector'" in contention.why


def test_a_long_connection_between_them_does_not() -> None:
    contention = Contention("collector")
    lives(contention, [1, 1, 60, 1])
    assert not contention.contested
    assert contention.why == ""


def test_a_broker_that_says_so_is_believed_at_once() -> None:
    contention = Contention("collector")
    lives(contention, [3600], taken_over=True)
    assert contention.contested
    assert "Another program connected" in contention.why


def test_it_is_over_when_a_connection_lasts() -> None:
    contention = Contention("collector")
    lives(contention, [1, 1, 1])
    contention.connected(NOON)
    assert not contention.settled(NOON + timedelta(seconds=4))
    assert contention.settled(NOON + timedelta(seconds=6))
    assert not contention.contested
