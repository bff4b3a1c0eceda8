"""Topics that are requested apart, and given up where a broker closes the connection for them."""

from datetime import UTC, datetime, timedelta

from dosing_tui.mqtt.optional_topics import OptionalTopic, OptionalTopics

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
STATUS, DROPS = OptionalTopic("status", 1, "no status"), OptionalTopic("$SYS/drops", 0, "no count")


def list_requests(topics: OptionalTopics) -> list[OptionalTopic]:
    """All that are due, each of them granted."""
    requests = []
    while (request := topics.take_next(NOON)) is not None:
        requests.append(request)
        topics.take_answer((request.topic,), is_refused=False)
    return requests


def test_a_topic_for_which_the_connection_was_closed_is_requested_no_more() -> None:
    topics = OptionalTopics([STATUS, DROPS])
    topics.on_connect()
    assert topics.take_next(NOON) == STATUS
    assert topics.give_up_topic(NOON + timedelta(seconds=1))
    topics.on_connect()
    assert list_requests(topics) == [DROPS]


def test_topics_given_up_while_another_client_closed_the_connections_are_requested_again_once() -> None:
    topics = OptionalTopics([STATUS, DROPS])
    for _ in range(2):
        topics.on_connect()
        topics.take_next(NOON)
        assert topics.give_up_topic(NOON + timedelta(seconds=1))
    topics.on_connect()
    assert list_requests(topics) == []
    topics.take_up_again()
    assert list_requests(topics) == [STATUS, DROPS]
    topics.take_up_again()
    assert list_requests(topics) == []
    topics.on_connect()
    assert list_requests(topics) == [STATUS, DROPS]
