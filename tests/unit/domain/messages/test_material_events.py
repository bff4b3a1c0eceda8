"""Events about a tank's content: pump, chemical and mass as a station sends them, under any name."""

import pytest

from dosing_tui.domain.messages.models import BatchEvent
from dosing_tui.domain.messages.reading_identity import hash_values
from tests.support.domain.payload_samples import EVENT, an_event, change_fields


def parse(event: str, **fields: object) -> BatchEvent:
    return an_event(change_fields(EVENT, event=event, **fields))


@pytest.mark.parametrize(
    ("words", "event"),
    [("primed", "prime"), ("Drum Change", "drum_change"), ("top-up", "refill"), ("flushed", "purge"),
     ("drained", "waste")],
)  # fmt: skip
def test_a_material_event_has_pump_chemical_and_mass(words: str, event: str) -> None:
    found = parse(words, pump=2, chemical=" t-12", mass_g="4.0")
    assert (found.event, found.pump, found.chemical, found.mass_g) == (event, 2, "t-12", 4.0)


@pytest.mark.parametrize("name", ["mass_g", "actual_g", "amount_g", "grams"])
def test_its_mass_has_many_names_and_none_below_zero_is_unflagged(name: str) -> None:
    assert parse("prime", **{name: 4}).mass_g == 4.0
    assert f"{name}: range" in parse("prime", **{name: -4}).flags


def test_without_them_it_is_as_before_and_two_primes_of_a_second_differ() -> None:
    bare, one, other = parse("prime"), parse("prime", pump=1), parse("prime", pump=2)
    assert (bare.pump, bare.chemical, bare.mass_g, bare.flags) == (None, "", None, ())
    assert len({hash_values(each, None) for each in (bare, one, other)}) == 3
    assert parse("start", pump=2, chemical="T-9", mass_g=4).pump is None
