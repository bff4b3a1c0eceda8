"""An alarm's key is as the journal gives it back: else it is two alarms, one that nobody can acknowledge."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.database.alarms.journal_rows import build_key
from dosing_tui.domain.alarm_rules.shared.detection import TopicAccess
from dosing_tui.domain.messages.models import Rejection
from tests.support.domain.alarm_entries import NOW
from tests.support.domain.evaluated_plant import EvaluatedPlant

FOLDER = "acme/plants/dresden/hall-3/polyurethane/line-2/dosing/"


def test_long_topics_that_differ_at_their_end_are_alarms_of_their_own() -> None:
    plant = EvaluatedPlant()
    topics = tuple(TopicAccess(f"{FOLDER}{name}", True) for name in ("consumption", "inventory"))
    plant.outlook = replace(plant.outlook, topics=topics)
    keys = [entry.key for entry in plant.advance_clock(2)]
    assert [build_key(*key) for key in keys] == keys
    assert len({*keys}) == 2


@given(topic=st.text(max_size=400))
def test_a_rejected_topic_may_hold_anything(topic: str) -> None:
    plant = EvaluatedPlant()
    for entry in plant.evaluator.on_rejection(Rejection(topic, b"x", "bad", NOW)):
        assert build_key(*entry.key) == entry.key
        assert len(entry.key.item.encode()) <= 512
