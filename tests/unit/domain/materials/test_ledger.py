"""What may be entered, and the arithmetic of the book under any order and late arrival."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.materials.ledger import (
    REMOVED_KINDS,
    SETTING_KINDS,
    EntrySource,
    MassUnitName,
    MaterialDraft,
    MaterialKind,
    clean_draft,
    validate_draft,
)
from tests.support.domain.material_book import (
    BookEntry,
    DosedMass,
    compute_book,
    compute_count_difference,
)

BEGIN = datetime(2026, 11, 23, 6, tzinfo=UTC)
DRAFT = MaterialDraft(
    "cli:1", EntrySource.CLI, BEGIN, "station-1", "T-12", MaterialKind.DELIVERY, 2.0, MassUnitName.KILOGRAM,
    "Anna",
)  # fmt: skip
kinds = st.sampled_from(list(MaterialKind))
masses = st.one_of(st.none(), st.integers(1, 2_000_000).map(lambda hundredths: hundredths / 100))
minutes = st.integers(0, 12).map(lambda number: BEGIN + timedelta(minutes=number))
"""Few: many happen at the same instant."""
postings = st.lists(st.tuples(minutes, kinds, masses), max_size=12).map(
    lambda each: [BookEntry(*fields, number) for number, fields in enumerate(each)]
)
dosings = st.lists(st.builds(DosedMass, minutes, masses), max_size=12)
END = BEGIN + timedelta(hours=1)


def make_entry(minute: int, kind: MaterialKind, mass_g: float, number: int = 1) -> BookEntry:
    return BookEntry(BEGIN + timedelta(minutes=minute), kind, mass_g, number)


def test_a_count_of_9900_g_against_10000_is_100_g_short_until_an_entry_explains_it() -> None:
    start, count = make_entry(0, MaterialKind.COUNT, 10_000), make_entry(60, MaterialKind.COUNT, 9_900, 2)
    assert compute_count_difference([start, count], [], count) == -100
    spilled = make_entry(30, MaterialKind.WASTE, 100, 3)
    assert compute_count_difference([start, count, spilled], [], count) == 0
    found = make_entry(60, MaterialKind.CORRECTION, -100, 4)
    assert compute_count_difference([start, count, found], [], count) == 0
    for entries in ([start, count], [start, count, spilled], [start, count, found]):
        book = compute_book(entries, [], at=END)
        assert book is not None
        assert book.book_g == 9_900


def test_a_wrong_count_is_replaced_by_another_of_the_same_time() -> None:
    first, wrong = make_entry(0, MaterialKind.COUNT, 500), make_entry(9, MaterialKind.COUNT, 50, 2)
    right = make_entry(9, MaterialKind.COUNT, 480, 3)
    doses = [DosedMass(BEGIN + timedelta(minutes=5), 20.0)]
    assert compute_count_difference([first, wrong, right], doses, right) == 0
    book = compute_book([right, wrong, first], doses, at=END)
    assert book is not None
    assert (book.book_g, book.dosed_g) == (480, 0)


@given(postings, dosings, st.randoms())
def test_the_book_does_not_depend_on_order_or_arrival(
    entries: list[BookEntry], doses: list[DosedMass], chance: object
) -> None:
    shuffled, late = list(entries), list(doses)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' Random
    chance.shuffle(late)  # type: ignore[attr-defined]
    assert compute_book(entries, doses, at=END) == compute_book(shuffled, late, at=END)


@given(postings, dosings)
def test_the_book_is_what_happened_step_by_step(entries: list[BookEntry], doses: list[DosedMass]) -> None:
    """Another way round: everything in the order in which it counts, one after the other."""
    steps: list[tuple[tuple[object, ...], BookEntry | DosedMass]] = [
        *(((each.time, get_place(each), each.entry_id), each) for each in entries),
        *(((each.time, 1, 0), each) for each in doses),
    ]
    grams: float | None = None
    for _, step in sorted(steps, key=lambda each: each[0]):
        if isinstance(step, DosedMass):
            grams = None if grams is None else grams - (step.actual_g or 0.0)
        elif step.kind in SETTING_KINDS:
            grams = grams if step.mass_g is None else step.mass_g
        elif grams is not None:
            sign = -1 if step.kind in REMOVED_KINDS else 1
            grams += sign * (step.mass_g or 0.0)
    book = compute_book(entries, doses, at=END)
    assert (None if book is None else book.book_g) == pytest.approx(grams, abs=1e-6)


def get_place(entry: BookEntry) -> int:
    """At one instant: the drum is changed, then all else happens, then it is counted."""
    return {MaterialKind.DRUM_CHANGE: 0, MaterialKind.COUNT: 2}.get(entry.kind, 1)


@given(postings, dosings, st.floats(0.01, 1_000))
def test_an_entry_of_the_difference_explains_a_count(
    entries: list[BookEntry], doses: list[DosedMass], counted_g: float
) -> None:
    start = BookEntry(BEGIN - timedelta(minutes=1), MaterialKind.COUNT, 5_000.0, -1)
    count = BookEntry(END, MaterialKind.COUNT, counted_g, 99)
    every = [start, *entries, count]
    found = compute_count_difference(every, doses, count)
    assert found is not None
    if found:
        explained = [*every, BookEntry(END, MaterialKind.CORRECTION, found, 100)]
        assert compute_count_difference(explained, doses, count) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        (DRAFT, ""),
        (replace(DRAFT, operator=" \n"), "Enter your name."),
        (replace(DRAFT, chemical=""), "Enter station and chemical."),
        (replace(DRAFT, kind=MaterialKind.WASTE), "A waste needs a reason."),
        (replace(DRAFT, quantity=0.0), "A delivery is an amount above 0."),
        (replace(DRAFT, quantity=float("nan")), "A delivery is an amount above 0."),
        (replace(DRAFT, kind=MaterialKind.COUNT, quantity=0.0), ""),
        (
            replace(DRAFT, kind=MaterialKind.DRUM_CHANGE, quantity=-1.0),
            "A drum change is an amount of 0 or more.",
        ),
        (replace(DRAFT, kind=MaterialKind.CORRECTION, quantity=-1.0, reason="x"), ""),
        (
            replace(DRAFT, unit=MassUnitName.LITRE),
            "Litres of T-12 need its density: give density_g_per_ml, or set it in [[chemicals]].",
        ),
        (
            replace(DRAFT, unit=MassUnitName.LITRE, density_g_per_ml=40.0),
            "A density lies between 0.1 and 25 g/ml.",
        ),
        (replace(DRAFT, time=BEGIN.replace(year=2019)), "The time lies outside 2020 to 2099."),
        (replace(DRAFT, reason="x" * 501), "The reason is longer than 500 characters."),
        (replace(DRAFT, lot_number="x" * 101), "The lot number is longer than 100 characters."),
    ],
)
def test_what_is_no_entry_is_refused_with_a_sentence(draft: MaterialDraft, sentence: str) -> None:
    assert validate_draft(clean_draft(draft)) == sentence


def test_text_from_people_is_one_line_without_control_characters() -> None:
    draft = clean_draft(replace(
        DRAFT, chemical="T\N{NON-BREAKING HYPHEN}12", reason="a\nb\x1b[2J", supplier="[bold]\u202ex",
        lot_number="\tL",
    ))  # fmt: skip
    assert (draft.chemical, draft.reason) == ("T-12", "a b\N{REPLACEMENT CHARACTER}[2J")
    assert (draft.supplier, draft.lot_number) == ("[bold]\N{REPLACEMENT CHARACTER}x", "L")
