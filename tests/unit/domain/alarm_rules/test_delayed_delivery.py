"""However the messages of whole batches are delayed: when all have arrived, none counts as incomplete."""

from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarms.models import AlarmStateName
from dosing_tui.domain.messages.models import BatchEvent, Dose
from tests.support.domain.alarm_entries import NOW
from tests.support.domain.evaluated_plant import EvaluatedPlant

MINUTE = timedelta(minutes=1)
OVER = {AlarmStateName.NORMAL, AlarmStateName.RTN_UNACK}


def list_batch(plant: EvaluatedPlant, number: int) -> list[Dose | BatchEvent]:
    """The messages of a batch of three minutes, at their own times."""
    at = NOW + number * 4 * MINUTE
    return [
        replace(plant.make_event("start"), time=at),
        replace(plant.make_dose(pump=3, chemical="T-9", dedup=2 * number), time=at + MINUTE),
        replace(plant.make_dose(dedup=2 * number + 1), time=at + 2 * MINUTE),
        replace(plant.make_event("complete"), time=at + 3 * MINUTE),
    ]


DELAYS = st.lists(
    st.tuples(st.just(0), *[st.sampled_from([0, 0, 1, 90, 400, 900])] * 3), min_size=1, max_size=4
)


@settings(max_examples=settings().max_examples // 2)
@example([(0, 0, 90, 0)])
@example([(0, 0, 0, 400), (0, 0, 0, 0)])
@example([(0, 900, 900, 900), (0, 900, 400, 90)])
@given(DELAYS)
def test_delayed_doses_and_completes_leave_no_alarm(delays: list[tuple[int, ...]]) -> None:
    """The start is in time: without it, nothing tells when a batch began."""
    plant = EvaluatedPlant()
    due = [
        replace(message, received_at=message.time + timedelta(seconds=delay))
        for number, batch in enumerate(delays)
        for message, delay in zip(list_batch(plant, number), batch, strict=True)
    ]
    for message in sorted(due, key=lambda each: each.received_at):
        plant.advance_clock(max(0, int((message.received_at - plant.now).total_seconds())))
        plant.receive_readings(message)
    for rule in ("BATCH_ABORTED", "BATCH_INGREDIENT"):
        assert plant.get_shown_state(rule, item="CU-85") in OVER, plant.journal
