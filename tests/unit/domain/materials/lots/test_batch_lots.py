"""Lots of a batch, by what its tanks held at each dose."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.materials.lots.batch_lots import StationLots, TankHistory, list_batch_lots
from dosing_tui.domain.materials.lots.lot_mixing import UNKNOWN_LOT, Lot, LotShare
from dosing_tui.domain.messages.models import Reading
from tests.support.domain.batch_messages import make_dose, make_event, reconstruct_from, seconds_after

BERLIN = ZoneInfo("Europe/Berlin")


def hold(*contents: tuple[float, dict[str, float]], expires_on: date | None = None) -> StationLots:
    """A tank of T-12 by the second from which on it holds these shares."""
    return StationLots(
        {
            "t-12": TankHistory(
                tuple(seconds_after(seconds) for seconds, _ in contents),
                tuple(
                    tuple(
                        LotShare(Lot(number, expires_on=expires_on), share) for number, share in held.items()
                    )
                    for _, held in contents
                ),
            )
        },
        BERLIN,
    )


def dose_at(*seconds_and_grams: tuple[float, float | None]) -> list[Reading]:
    doses = [make_dose(at, "T-12", target_g=grams, actual_g=grams) for at, grams in seconds_and_grams]
    return [make_event(0, "start"), *doses, make_event(500, "complete")]


def test_a_batch_has_the_shares_of_its_tank() -> None:
    (batch,) = reconstruct_from(*dose_at((60, 40.0)))
    first, second = list_batch_lots(batch, hold((-10, {"A": 0.75, "B": 0.25})))
    assert (first.chemical, first.lot.number, first.share, first.mass_g) == ("T-12", "A", 0.75, 30.0)
    assert (second.lot.number, second.share, second.mass_g) == ("B", 0.25, 10.0)


def test_a_drum_change_within_a_batch_weighs_by_mass() -> None:
    (batch,) = reconstruct_from(*dose_at((60, 10.0), (200, 30.0)))
    first, second = list_batch_lots(batch, hold((-10, {"A": 1.0}), (100, {"B": 1.0})))
    assert (first.share, first.mass_g) == (0.25, 10.0)
    assert (second.share, second.mass_g) == (0.75, 30.0)


def test_without_a_mass_the_doses_weigh_alike() -> None:
    (batch,) = reconstruct_from(*dose_at((60, None), (200, 30.0)))
    lots = list_batch_lots(batch, hold((-10, {"A": 1.0}), (100, {"B": 1.0})))
    assert [(each.share, each.mass_g) for each in lots] == [(0.5, None), (0.5, None)]


def test_a_dose_before_the_first_lot_is_of_an_unknown_one_if_another_is_not() -> None:
    (batch,) = reconstruct_from(*dose_at((60, 10.0), (200, 30.0)))
    lots = list_batch_lots(batch, hold((100, {"B": 1.0})))
    assert [(each.lot.number, each.share) for each in lots] == [(UNKNOWN_LOT, 0.25), ("B", 0.75)]


def test_without_lots_there_are_none() -> None:
    (batch,) = reconstruct_from(*dose_at((60, 10.0)))
    assert list_batch_lots(batch, StationLots()) == ()
    assert list_batch_lots(batch, hold((100, {"B": 1.0}))) == ()


@pytest.mark.parametrize(
    ("expires_on", "is_expired"), [(date(2026, 11, 22), True), (date(2026, 11, 23), False)]
)
def test_a_lot_may_be_used_up_to_its_last_day(expires_on: date, is_expired: bool) -> None:
    (batch,) = reconstruct_from(*dose_at((60, 10.0)))
    (lot,) = list_batch_lots(batch, hold((0, {"A": 1.0}), expires_on=expires_on))
    assert lot.is_expired is is_expired


def test_the_last_day_ends_at_midnight_of_the_plant() -> None:
    late = timedelta(hours=11, minutes=5).total_seconds()  # 23:05 UTC is the next day in Berlin
    (batch,) = reconstruct_from(make_event(late - 60, "start"), make_dose(late, "T-12"))
    (lot,) = list_batch_lots(batch, hold((0, {"A": 1.0}), expires_on=date(2026, 11, 23)))
    assert lot.is_expired


def test_a_trace_of_a_lot_is_not_rounded_to_nothing() -> None:
    (batch,) = reconstruct_from(*dose_at((60, 10.0)))
    first, second = list_batch_lots(batch, hold((0, {"A": 1e-9, "B": 1 - 1e-9})))
    assert (first.share, first.is_finding) == (1e-6, False)
    assert second.is_finding


@given(
    st.lists(st.tuples(st.integers(1, 400), st.one_of(st.none(), st.floats(0, 900))), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 400), st.floats(0, 1)), max_size=5),
)
def test_the_shares_of_a_batch_sum_to_one(
    doses: list[tuple[int, float | None]], changes: list[tuple[int, float]]
) -> None:
    (batch, *_) = reconstruct_from(*dose_at(*doses))
    lots = list_batch_lots(
        batch, hold(*((at, {"A": share, "B": 1 - share}) for at, share in sorted(changes)))
    )
    if lots:
        assert sum(each.share for each in lots) == pytest.approx(1.0, abs=1e-5)


def test_what_the_station_names_comes_before_what_its_tank_should_hold() -> None:
    (batch,) = reconstruct_from(*dose_at((60, 10.0), (200, 30.0)))
    batch = replace(batch, doses=(batch.doses[0], replace(batch.doses[1], lot="b-2")))
    known = Lot("B-2", "Nord", date(2026, 11, 1))
    tank = hold((-10, {"A": 1.0}))
    first, second = list_batch_lots(batch, tank)
    assert (first.lot.number, first.share, first.is_sent, first.is_unentered) == ("A", 0.25, False, False)
    assert (second.lot, second.share, second.is_sent, second.is_unentered) == (Lot("b-2"), 0.75, True, True)
    entered = replace(tank, entered={("t-12", "b-2"): ((seconds_after(-999), known),)})
    _, second = list_batch_lots(batch, entered)
    assert (second.lot, second.is_expired, second.is_unentered) == (known, True, False)
    # where no lots are kept, nobody has to enter what the station names
    assert [each.is_unentered for each in list_batch_lots(batch, StationLots()) if each.is_sent] == [False]
