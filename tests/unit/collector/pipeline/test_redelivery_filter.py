from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.collector.pipeline.redelivery_filter import RedeliveryFilter
from tests.support.collector.parsed_items import NOON

TOPIC = "factory/inventory/levels"
SECOND = timedelta(seconds=1)


def test_a_message_that_comes_again_on_the_next_connection_keeps_the_time_of_its_first_coming() -> None:
    sightings = RedeliveryFilter()
    sightings.register_message(TOPIC, b"level", at=NOON, connection=1)
    again = sightings.register_message(TOPIC, b"level", at=NOON + 60 * SECOND, connection=2)
    assert again.received_at == NOON


def test_a_message_sent_twice_within_two_seconds_is_one() -> None:
    sightings = RedeliveryFilter()
    sightings.register_message(TOPIC, b"level", at=NOON, connection=1)
    assert sightings.register_message(TOPIC, b"level", at=NOON + 2 * SECOND, connection=1).received_at == NOON


def test_the_same_words_later_on_the_same_connection_are_another_message() -> None:
    sightings = RedeliveryFilter()
    sightings.register_message(TOPIC, b"level", at=NOON, connection=1)
    later = NOON + 3 * SECOND
    assert sightings.register_message(TOPIC, b"level", at=later, connection=1).received_at == later


def test_a_station_that_says_the_same_every_second_is_heard_every_three() -> None:
    sightings = RedeliveryFilter()
    heard = {
        sightings.register_message(TOPIC, b"level", at=NOON + second * SECOND, connection=1).received_at
        for second in range(30)
    }
    assert heard == {NOON + second * SECOND for second in range(0, 30, 3)}


def test_a_redelivered_message_comes_again_with_the_time_of_its_last_first_coming() -> None:
    sightings = RedeliveryFilter()
    sightings.register_message(TOPIC, b"level", at=NOON, connection=1)
    sightings.register_message(TOPIC, b"level", at=NOON + 10 * SECOND, connection=1)
    again = sightings.register_message(TOPIC, b"level", at=NOON + 60 * SECOND, connection=2)
    assert again.received_at == NOON + 10 * SECOND


def test_after_a_redelivery_the_same_words_are_a_new_message_again() -> None:
    sightings = RedeliveryFilter()
    sightings.register_message(TOPIC, b"level", at=NOON, connection=1)
    sightings.register_message(TOPIC, b"level", at=NOON + 60 * SECOND, connection=2)
    later = NOON + 90 * SECOND
    assert sightings.register_message(TOPIC, b"level", at=later, connection=2).received_at == later


def test_topic_and_payload_both_tell_messages_apart() -> None:
    sightings = RedeliveryFilter()
    sightings.register_message(TOPIC, b"level", at=NOON, connection=1)
    later = NOON + SECOND
    assert sightings.register_message(TOPIC, b"Level", at=later, connection=2).received_at == later
    assert sightings.register_message(TOPIC + "x", b"level", at=later, connection=2).received_at == later


def test_what_an_earlier_process_saw_is_known_to_the_next() -> None:
    before = RedeliveryFilter()
    journal = [
        before.register_message(TOPIC, b"%d" % n, at=NOON + n * SECOND, connection=1) for n in (1, 2, 1)
    ]
    after = RedeliveryFilter(journal)
    again = [
        after.register_message(TOPIC, b"%d" % n, at=NOON + 60 * SECOND, connection=2).received_at
        for n in (1, 2)
    ]
    assert again == [NOON + SECOND, NOON + 2 * SECOND]
    assert after.register_message(TOPIC, b"new", at=NOON, connection=2).number > journal[-1].number


def test_an_outage_of_hours_does_not_make_what_was_under_way_new() -> None:
    sightings = RedeliveryFilter()
    sightings.register_message(TOPIC, b"level", at=NOON, connection=1)
    later = NOON + timedelta(hours=9)
    sightings.register_message(TOPIC, b"another level", at=later, connection=2)
    sightings.expire_old(later)
    assert sightings.register_message(TOPIC, b"level", at=later + SECOND, connection=2).received_at == NOON


def test_an_hour_into_a_connection_what_was_before_is_forgotten() -> None:
    sightings = RedeliveryFilter()
    sightings.register_message(TOPIC, b"level", at=NOON, connection=1)
    sightings.register_message(TOPIC, b"another", at=NOON + SECOND, connection=2)
    later = NOON + timedelta(hours=1, seconds=2)
    latest = sightings.register_message(TOPIC, b"a third", at=later, connection=2)
    assert sightings.expire_old(later) == latest.number
    assert sightings.register_message(TOPIC, b"level", at=later, connection=2).received_at == later


@given(st.lists(st.integers(0, 8), max_size=60))
def test_never_more_are_kept_than_allowed_and_the_journal_can_be_cut_as_told(words: list[int]) -> None:
    sightings, journal = RedeliveryFilter(limit=4), {}
    for second, word in enumerate(words):
        at = NOON + second * SECOND
        sighting = sightings.register_message(TOPIC, b"%d" % word, at=at, connection=second // 7)
        journal[sighting.number] = sighting
        keep_from = sightings.expire_old(at)
        journal = {number: kept for number, kept in journal.items() if number >= keep_from}
    assert len({sighting.identity for sighting in journal.values()}) <= 4
    at, connection = NOON + 100 * SECOND, 99
    reloaded = RedeliveryFilter(journal.values(), limit=4)
    for word in range(9):
        assert reloaded.register_message(TOPIC, b"%d" % word, at=at, connection=connection).received_at == (
            sightings.register_message(TOPIC, b"%d" % word, at=at, connection=connection).received_at
        )
