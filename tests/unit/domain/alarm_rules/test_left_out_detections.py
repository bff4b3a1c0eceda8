"""What the rules leave out because nobody waits for it: with and without it, the same happens."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.domain.evaluated_plant import EvaluatedPlant

LEVELS = st.tuples(
    st.just("level"), st.sampled_from((2.0, 4.9, 5.0, 12.0, 19.9, 20.0, 21.5, 22.0, 22.1, 60.0))
)
DOSES = st.tuples(st.just("dose"), st.sampled_from((None, 0.0, 0.1, 1.5, 3.0)))
EVENTS = st.tuples(st.sampled_from(("start", "complete", "abort")), st.just(0.0))
PAUSES = st.tuples(st.just("pause"), st.sampled_from((1, 31, 61, 400)))
NEWS = st.tuples(st.sampled_from(("commit", "restart")), st.just(0.0))
STEPS = st.lists(LEVELS | DOSES | EVENTS | PAUSES | NEWS, max_size=40)


def take_step(plant: EvaluatedPlant, kind: str, value: float | None) -> None:
    match kind:
        case "level":
            plant.receive_readings(plant.make_level(value or 0.0))
        case "dose":
            plant.receive_readings(plant.make_dose(value, dedup=len(plant.journal)))
        case "pause":
            plant.advance_clock(int(value or 0))
        case "commit":
            plant.confirm_journal()
        case "restart":
            plant.evaluator.restart_from(plant.evaluator.create_checkpoint())
        case event:
            plant.receive_readings(plant.make_event(event))


@settings(max_examples=settings().max_examples // 2)
@given(STEPS)
def test_a_detection_that_nobody_waits_for_changes_nothing(steps: list[tuple[str, float | None]]) -> None:
    frugal, complete = EvaluatedPlant(), EvaluatedPlant()
    complete.evaluator.rules.state.is_normal = lambda _key: False
    for kind, value in steps:
        for plant in (frugal, complete):
            take_step(plant, kind, value)
        assert frugal.journal == complete.journal
        assert frugal.evaluator.projection.states == complete.evaluator.projection.states
        assert list(frugal.evaluator._conditions) == list(complete.evaluator._conditions)
