"""The batch that runs at each station: as a reconstruction finds it, with no more work than there is news."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain import running_batches
from dosing_tui.domain.batches.models import Batch, BatchMessage, BatchStatus
from dosing_tui.domain.batches.reconstruction import find_running_batch, reconstruct_batches
from dosing_tui.domain.messages.models import BatchEvent, Dose, Reading
from dosing_tui.domain.running_batches import RunningBatches
from tests.support.domain.batch_messages import make_dose, make_event, normal_batch, seconds_after

STATIONS = ("one", "two", "three")
messages = st.builds(
    replace,
    st.one_of(
        st.builds(
            make_event, st.integers(0, 2_000), st.sampled_from(["start", "complete", "abort", "pause"])
        ),
        st.builds(make_dose, st.integers(0, 2_000), st.sampled_from(["T-9", "T-12"])),
    ),
    device_id=st.sampled_from(STATIONS),
)


def split(told: Iterable[Reading]) -> tuple[tuple[Dose, ...], tuple[BatchEvent, ...]]:
    told = list(told)
    return (
        tuple(each for each in told if isinstance(each, Dose)),
        tuple(each for each in told if isinstance(each, BatchEvent)),
    )


def reconstruct_running(told: Iterable[Reading], now: datetime) -> dict[str, Batch]:
    found = reconstruct_batches(told, now=now.replace(second=0, microsecond=0))
    return {batch.device_id: batch for batch in found if batch.status is BatchStatus.OPEN}


@given(st.lists(st.tuples(messages, st.integers(0, 90)), max_size=25), st.integers(1, 12))
def test_it_follows_what_a_reconstruction_of_everything_finds(
    told: list[tuple[Reading, int]], kept: int
) -> None:
    running, now = RunningBatches(), seconds_after(0)
    for count, (_, passed_s) in enumerate(told, start=1):
        now += timedelta(seconds=passed_s)
        newest = [message for message, _ in told[max(0, count - kept) : count]]
        assert running.find_batches(*split(newest), now) == reconstruct_running(newest, now)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stations whose messages were gone through, in order."""
    found: list[str] = []

    def find_and_note(own: list[BatchMessage], **by: Any) -> Batch | None:
        found.append(own[0].device_id)
        return find_running_batch(own, **by)

    monkeypatch.setattr(running_batches, "find_running_batch", find_and_note)
    return found


def test_a_station_is_looked_at_for_a_message_of_its_own_alone(looked_at: list[str]) -> None:
    first = [replace(each, device_id=name) for name in STATIONS for each in normal_batch()[:2]]
    running, now = RunningBatches(), seconds_after(130)
    assert set(running.find_batches(*split(first), now)) == set(STATIONS)
    looked_at.clear()
    for second in range(131, 160):
        running.find_batches(*split(first), seconds_after(second))
    assert looked_at == []
    news = replace(normal_batch()[2], device_id="two")
    found = running.find_batches(*split([news, *first]), seconds_after(160))
    assert looked_at == ["two"]
    assert {name: len(batch.doses) for name, batch in found.items()} == {"one": 1, "two": 2, "three": 1}


def test_each_minute_every_station_is_looked_at_as_a_silent_batch_ends(looked_at: list[str]) -> None:
    told, running = split(normal_batch()[:2]), RunningBatches()
    assert running.find_batches(*told, seconds_after(70))
    assert not running.find_batches(*told, seconds_after(70 + 20 * 60))
    assert len(looked_at) == 2


def test_what_a_station_no_longer_has_messages_of_is_forgotten() -> None:
    running = RunningBatches()
    assert running.find_batches(*split(normal_batch()[:2]), seconds_after(70))
    assert not running.find_batches((), (), seconds_after(71))
