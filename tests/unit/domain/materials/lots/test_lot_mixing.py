"""Shares of lots in a tank: examples, and what holds for any entries in any order."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.materials.ledger import MaterialKind
from dosing_tui.domain.materials.lots.lot_mixing import (
    UNKNOWN_LOT,
    Lot,
    TankEntry,
    TankMix,
    mix_entries,
    sort_entries,
)
from tests.support.domain.material_book import BookEntry, DosedMass, compute_book

BEGIN = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
EMPTY = TankMix()
NUMBERS = (UNKNOWN_LOT, "A", "B", "C")


@dataclass(frozen=True, slots=True)
class TakenMass:
    time: datetime
    mass_g: float


def enter(
    minute: int, kind: MaterialKind, mass_g: float | None, number: str = UNKNOWN_LOT, entry_id: int = 0
) -> TankEntry:
    return TankEntry(entry_id or minute + 1, BEGIN + timedelta(minutes=minute), kind, mass_g, Lot(number))


def mix_all(
    entries: Sequence[TankEntry], taken: Sequence[TakenMass] = (), start: TankMix = EMPTY
) -> list[TankMix]:
    """As the database does."""
    ordered, before, uses_g = sort_entries(entries), datetime.min.replace(tzinfo=UTC), []
    for entry in ordered:
        uses_g.append(sum(dose.mass_g for dose in taken if before <= dose.time < entry.holds_from))
        before = entry.holds_from
    return list(mix_entries(ordered, uses_g, start))


def list_shares(mix: TankMix) -> dict[str, float]:
    return {each.lot.number: each.share for each in mix.shares}


def test_a_top_up_mixes_by_the_masses() -> None:
    first, second = mix_all(
        [enter(0, MaterialKind.DRUM_CHANGE, 10_000, "A"), enter(60, MaterialKind.DELIVERY, 4_000, "B")],
        [TakenMass(BEGIN + timedelta(minutes=m), 1_000) for m in range(10, 50, 10)],
    )
    assert list_shares(first) == {"A": 1.0}
    # 10,000 g - 4 doses of 1,000 g are left: 6,000 / (6,000 + 4,000)
    assert list_shares(second) == pytest.approx({"A": 0.6, "B": 0.4})
    assert second.book_g == pytest.approx(10_000)


def test_a_drum_change_is_all_of_the_new_lot() -> None:
    *_, last = mix_all(
        [enter(0, MaterialKind.DRUM_CHANGE, 10_000, "A"), enter(60, MaterialKind.DRUM_CHANGE, 5_000, "B")]
    )
    assert list_shares(last) == {"B": 1.0}


def test_a_count_sets_the_rest_and_no_share() -> None:
    *_, counted, last = mix_all(
        [
            enter(0, MaterialKind.DRUM_CHANGE, 10_000, "A"),
            enter(5, MaterialKind.COUNT, 2_000),
            enter(9, MaterialKind.REFILL, 2_000, "B"),
        ]
    )
    assert list_shares(counted) == {"A": 1.0}
    assert list_shares(last) == pytest.approx({"A": 0.5, "B": 0.5})


def test_prime_waste_and_correction_change_the_rest() -> None:
    *_, last = mix_all(
        [
            enter(0, MaterialKind.DRUM_CHANGE, 1_000, "A"),
            enter(1, MaterialKind.PRIME, 4),
            enter(2, MaterialKind.WASTE, 100),
            enter(3, MaterialKind.CORRECTION, -96),
            enter(4, MaterialKind.DELIVERY, 200, "B"),
        ]
    )
    assert list_shares(last) == pytest.approx({"A": 0.8, "B": 0.2})


def test_what_was_there_before_the_first_lot_is_of_an_unknown_one() -> None:
    counted, last = mix_all(
        [enter(0, MaterialKind.COUNT, 3_000), enter(1, MaterialKind.DELIVERY, 1_000, "A")]
    )
    assert counted.shares == ()
    assert list_shares(last) == pytest.approx({UNKNOWN_LOT: 0.75, "A": 0.25})


def test_an_addition_without_a_lot_is_of_an_unknown_one() -> None:
    *_, last = mix_all([enter(0, MaterialKind.DRUM_CHANGE, 3_000, "A"), enter(1, MaterialKind.REFILL, 1_000)])
    assert list_shares(last) == pytest.approx({UNKNOWN_LOT: 0.25, "A": 0.75})


def test_a_tank_without_any_lot_has_no_shares() -> None:
    mixes = mix_all([enter(0, MaterialKind.DRUM_CHANGE, 3_000), enter(1, MaterialKind.REFILL, 1_000)])
    assert [mix.shares for mix in mixes] == [(), ()]


def test_without_a_mass_every_lot_stays_and_nobody_knows_how_much() -> None:
    *_, last = mix_all(
        [enter(0, MaterialKind.DRUM_CHANGE, 3_000, "A"), enter(1, MaterialKind.REFILL, None, "B")]
    )
    assert list_shares(last) == {UNKNOWN_LOT: 1.0, "A": 0.0, "B": 0.0}
    assert last.book_g is None


def test_an_empty_tank_holds_the_new_lot_alone() -> None:
    *_, last = mix_all(
        [enter(0, MaterialKind.DRUM_CHANGE, 500, "A"), enter(9, MaterialKind.DELIVERY, 1_000, "B")],
        [TakenMass(BEGIN + timedelta(minutes=5), 520)],
    )
    assert list_shares(last) == {"B": 1.0}
    assert last.book_g == pytest.approx(980)  # as the book has it: 20 g too much were dosed


def test_a_second_delivery_of_a_lot_keeps_what_the_first_said() -> None:
    known = Lot("A", "Supplier", date(2027, 1, 31), None, "C-1")
    first = TankEntry(1, BEGIN, MaterialKind.DRUM_CHANGE, 1_000, known)
    *_, last = mix_all([first, enter(1, MaterialKind.DELIVERY, 1_000, "A")])
    assert [each.lot for each in last.shares] == [known]


masses = st.one_of(st.none(), st.integers(1, 50_000).map(float))
kinds = st.sampled_from(list(MaterialKind))
entry_lists = st.lists(
    st.tuples(st.integers(0, 300), kinds, masses, st.sampled_from(NUMBERS)),
    max_size=12, unique_by=lambda each: each[0],
).map(lambda rows: [enter(*row) for row in rows])  # fmt: skip
doses = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 900)).map(
        lambda each: TakenMass(BEGIN + timedelta(minutes=each[0], seconds=30), float(each[1]))
    ),
    max_size=30,
)


@given(entry_lists, doses)
def test_the_book_of_a_mix_is_the_book_of_the_tank(entries: list[TankEntry], taken: list[TakenMass]) -> None:
    """Where every mass is known."""
    known = [each for each in entries if each.mass_g is not None]
    book_entries = [BookEntry(each.time, each.kind, each.mass_g, each.entry_id) for each in known]
    dosed = [DosedMass(each.time, each.mass_g) for each in taken]
    for entry, mix in zip(sort_entries(known), mix_all(known, taken), strict=True):
        book = compute_book(book_entries, dosed, at=entry.time)
        assert mix.book_g == pytest.approx(None if book is None else book.book_g)


@given(entry_lists, doses)
def test_the_shares_of_a_tank_sum_to_one(entries: list[TankEntry], taken: list[TakenMass]) -> None:
    for mix in mix_all(entries, taken):
        assert all(0.0 <= each.share <= 1.0 for each in mix.shares)
        if mix.shares:
            assert sum(each.share for each in mix.shares) == pytest.approx(1.0)


@given(entry_lists, doses, st.randoms())
def test_the_order_in_which_things_are_entered_changes_nothing(
    entries: list[TankEntry], taken: list[TakenMass], shuffler: random.Random
) -> None:
    """Late entries have later numbers, late doses come last."""
    expected = mix_all(entries, taken)
    late = list(entries)
    shuffler.shuffle(late)
    again = [
        TankEntry(number, each.time, each.kind, each.mass_g, each.lot)
        for number, each in enumerate(late, 1_000)
    ]
    assert mix_all(again, shuffler.sample(taken, len(taken))) == expected


@given(entry_lists, doses, st.integers(0, 12))
def test_going_on_from_a_stored_content_is_the_same_as_all_of_it(
    entries: list[TankEntry], taken: list[TakenMass], place: int
) -> None:
    ordered = sort_entries(entries)
    whole = mix_all(ordered, taken)
    head, tail = ordered[:place], ordered[place:]
    if not head or not tail:
        return
    since = head[-1].holds_from
    rest = mix_all(tail, [each for each in taken if each.time >= since], whole[len(head) - 1])
    for one, other in zip(rest, whole[len(head) :], strict=True):
        assert list_shares(one) == pytest.approx(list_shares(other))


@given(st.lists(st.tuples(masses, st.sampled_from(NUMBERS)), min_size=2, max_size=6), st.randoms())
def test_additions_of_one_instant_mix_in_any_order(
    additions: list[tuple[float | None, str]], shuffler: random.Random
) -> None:
    begin = enter(0, MaterialKind.DRUM_CHANGE, 5_000, "A")
    entries = [enter(9, MaterialKind.DELIVERY, *each, entry_id=n) for n, each in enumerate(additions, 100)]
    shuffler.shuffle(additions)
    others = [enter(9, MaterialKind.DELIVERY, *each, entry_id=n) for n, each in enumerate(additions, 100)]
    one, other = mix_all([begin, *entries])[-1], mix_all([begin, *others])[-1]
    assert list_shares(one) == pytest.approx(list_shares(other))
