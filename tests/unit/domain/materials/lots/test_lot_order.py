"""First expired, first out."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.materials.lots.lot_mixing import Lot
from dosing_tui.domain.materials.lots.lot_order import StoredLot, propose_lots

TODAY = date(2026, 11, 24)
DELIVERED = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def store(number: str, expires_on: date | None, *, day: int = 2, chemical: str = "T-12") -> StoredLot:
    return StoredLot(
        "store", chemical, Lot(number, expires_on=expires_on), DELIVERED.replace(day=day), 25_000.0
    )


def test_the_lot_that_expires_first_is_opened_first() -> None:
    found = propose_lots(
        [
            store("N", None),
            store("L", date(2027, 5, 1)),
            store("E", date(2026, 12, 1)),
            store("X", date(2026, 11, 23)),
        ],
        TODAY,
    )
    assert [(each.stored.lot.number, each.rank) for each in found] == [
        ("E", 1),
        ("L", 2),
        ("N", 3),
        ("X", None),
    ]


def test_a_lot_may_be_opened_on_its_last_day() -> None:
    assert [each.rank for each in propose_lots([store("A", TODAY)], TODAY)] == [1]


def test_of_lots_that_expire_together_the_older_delivery_comes_first() -> None:
    day = date(2027, 1, 1)
    found = propose_lots(
        [store("B", day, day=9), store("A", day, day=10), store("C", day, chemical="T-9")], TODAY
    )
    assert [each.stored.lot.number for each in found] == ["B", "A", "C"]
    assert [each.rank for each in found] == [1, 2, 1]


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.one_of(st.none(), st.dates()), st.sampled_from(("T-9", "T-12")))
    )
)
def test_no_lot_is_proposed_before_one_that_expires_earlier(rows: list[tuple[str, date | None, str]]) -> None:
    found = propose_lots([store(number, day, chemical=name) for number, day, name in rows], TODAY)
    assert len(found) == len(rows)
    for chemical in ("T-9", "T-12"):
        ranked = [each for each in found if each.stored.chemical == chemical and each.rank is not None]
        days = [each.stored.lot.expires_on or date.max for each in ranked]
        assert days == sorted(days)
        assert [each.rank for each in ranked] == list(range(1, len(ranked) + 1))
