"""A pump's own chemical is that of nearly all of its last doses, and no other history counts."""

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.tolerances.pump_history import LEARNT_DOSES, LearntChemical, PumpHistory

CHEMICALS = st.sampled_from(["T-12", "t-12", "T-9"])
RUNS = st.lists(st.tuples(CHEMICALS, st.integers(1, 150)), max_size=8)


def spread_runs(runs: list[tuple[str, int]]) -> list[str]:
    return [chemical for chemical, doses in runs for _ in range(doses)]


@given(RUNS)
def test_it_is_what_counting_the_last_doses_says(runs: list[tuple[str, int]]) -> None:
    chemicals = spread_runs(runs)
    last = [each.upper() for each in chemicals[-LEARNT_DOSES:]]
    learnt = PumpHistory(chemicals).find_learnt()
    counts = {name: last.count(name) for name in set(last)}
    most = max(counts, key=lambda name: counts[name], default="")
    if len(last) == LEARNT_DOSES and counts[most] >= 198:
        assert learnt is not None
        assert (learnt.chemical.upper(), learnt.doses) == (most, counts[most])
        assert learnt.chemical in chemicals
    else:
        assert learnt is None


@given(RUNS, RUNS)
def test_what_is_older_than_the_last_doses_does_not_count(
    older: list[tuple[str, int]], newer: list[tuple[str, int]]
) -> None:
    last = [*spread_runs(newer), *["T-12"] * LEARNT_DOSES][-LEARNT_DOSES:]
    alone, after = PumpHistory(last), PumpHistory([*spread_runs(older), *last])
    assert alone.find_learnt() == after.find_learnt()


@given(RUNS, CHEMICALS)
def test_a_dose_breaks_what_was_learnt_if_it_is_of_another_chemical(
    runs: list[tuple[str, int]], chemical: str
) -> None:
    history = PumpHistory(spread_runs(runs))
    learnt, broken = history.find_learnt(), history.find_break(chemical)
    is_other = learnt is not None and learnt.chemical.upper() != chemical.upper()
    assert broken == (learnt if is_other else None)


def test_a_change_for_good_is_reported_three_times_and_then_learnt() -> None:
    history = PumpHistory(["T-12"] * LEARNT_DOSES)
    told = []
    for number in range(LEARNT_DOSES):
        if history.find_break("T-9"):
            told.append(number)
        history.add_dose("T-9")
    assert told == [0, 1, 2]
    assert history.find_break("T-12") == LearntChemical("T-9", LEARNT_DOSES)
