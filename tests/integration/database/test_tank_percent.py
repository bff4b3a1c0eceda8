"""A tank's percentage is the same number in SQL and in the program, and so is a limit that it is below."""

import math
from decimal import Decimal

import psycopg
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dosing_tui.domain.messages.tank_level import find_percent

MASSES = st.one_of(
    st.none(),
    st.floats(-1e6, 1e9, allow_nan=False),
    # what stations send has few decimals: there the ties are
    st.decimals(0, 30_000, places=2).map(float),
    st.sampled_from([0.0, 1.0, 8.0, 400.0, 8000.0, 20_000.0, 1e300, 5e-324]),
)
TANKS = st.tuples(MASSES, MASSES, st.none() | st.floats(0, 100))


def compute_in_sql(session: psycopg.Connection, tanks: list[tuple[float | None, ...]]) -> list[float | None]:
    rows = session.execute(
        "SELECT compute_tank_percent(r, c, p) FROM unnest(%s::float8[], %s::float8[], %s::float8[])"
        " WITH ORDINALITY AS t (r, c, p, n) ORDER BY n",
        [list(column) for column in zip(*tanks, strict=True)],
    ).fetchall()
    return [percent for (percent,) in rows]


def is_in_range(tank: tuple[float | None, ...]) -> bool:
    """SQL refuses what overflows or underflows; no reading can be so (``InventoryLevel``'s bounds)."""
    remaining, capacity, _ = tank
    if not remaining or not capacity:
        return True
    return 1e-300 < abs(remaining) < 1e300 and 1e-9 < capacity < 1e300


def test_the_percentage_of_a_tank_is_the_same_in_sql_and_in_the_program(migrated: str) -> None:
    with psycopg.connect(migrated) as session:

        @settings(max_examples=200, deadline=None, derandomize=True)
        @given(st.lists(TANKS.filter(is_in_range), min_size=1, max_size=200))
        @example([(0.03, 8000.0, None), (0.05, 8000.0, None), (1.0, 800_000.0, None), (2.675, 100.0, None)])
        def compare(tanks: list[tuple[float | None, ...]]) -> None:
            assert [find_percent(*tank) for tank in tanks] == compute_in_sql(session, tanks)

        compare()


def test_every_tie_of_a_tank_of_eight_kilograms_is_rounded_as_in_sql(migrated: str) -> None:
    tanks: list[tuple[float | None, ...]] = [
        (float(Decimal(number) / 100), 8000.0, None) for number in range(0, 800_000, 7)
    ]
    computed = [find_percent(*tank) for tank in tanks]
    with psycopg.connect(migrated) as session:
        assert computed == compute_in_sql(session, tanks)
    ties = [tank for tank in tanks if math.isclose((tank[0] or 0) / 80 * 1000 % 1, 0.5)]
    assert len(ties) > 1_000
