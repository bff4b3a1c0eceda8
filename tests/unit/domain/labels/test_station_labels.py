"""Names of stations: the settings' short name first, and always one name for one station."""

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.labels.name_labels import are_labels_clear, fit_labels
from dosing_tui.domain.labels.station_labels import (
    fit_station_names,
    label_stations,
    label_stations_compactly,
    name_stations,
)

NINE = [f"dosing_system_{number:02}" for number in range(1, 10)]
SHORT = {"dosing_system_01": "Hall 2", "dosing_system_02": "L2"}


def test_a_short_name_replaces_the_id() -> None:
    assert label_stations(NINE[:3], SHORT, 10) == {
        "dosing_system_01": "Hall 2", "dosing_system_02": "L2", "dosing_system_03": "dosing…03",
    }  # fmt: skip


def test_a_short_name_that_is_another_stations_id_is_not_used() -> None:
    assert name_stations(["a", "b"], {"a": "b"}) == {"a": "a", "b": "b"}
    assert name_stations(["a", "c"], {"a": "b"}) == {"a": "b", "c": "c"}


def test_compact_labels_are_the_last_words_where_these_are_enough() -> None:
    assert list(label_stations_compactly(NINE, {}).values()) == [f"{number:02}" for number in range(1, 10)]
    assert list(label_stations_compactly(NINE[:3], SHORT).values()) == ["Hall 2", "L2", "03"]
    assert list(label_stations_compactly(["line", "line2"], {}).values()) == ["line", "line2"]
    assert list(label_stations_compactly([*NINE[:1], "mixing_room"], {}).values()) == ["dosin…01", "mix…room"]


def test_too_long_names_of_a_column_are_their_last_words() -> None:
    numbers = [f"{number:02}" for number in range(1, 10)]
    for width in (3, 7, 9, 15):
        assert [fit_station_names(NINE, width)[name] for name in NINE] == numbers
    assert list(fit_station_names(NINE, 16).values()) == NINE
    assert fit_station_names(["plant", NINE[0]], 9) == {NINE[0]: "01", "plant": "plant"}
    # where the last words are the same, and where another name is such a word
    assert fit_station_names(["hall_1_north_line", "hall_2_north_line"], 9) == {
        "hall_1_north_line": "hall_1…ne", "hall_2_north_line": "hall_2…ne",
    }  # fmt: skip
    assert fit_station_names(["01", NINE[0]], 9) == {"01": "01", NINE[0]: "dosing…01"}


@given(st.sets(st.text("ab_01", min_size=1, max_size=20), min_size=1, max_size=12), st.integers(4, 20))
def test_each_name_of_a_column_is_its_own(names: set[str], width: int) -> None:
    labels = fit_station_names(names, width)
    assert set(labels) == names
    assert len(set(labels.values())) == len(names)
    assert max(map(len, labels.values())) <= width


def test_a_number_is_never_cut() -> None:
    devices = [f"dosing_system_{number:05}" for number in range(2_000)]
    compact = label_stations_compactly(devices, {})
    assert (compact[devices[1]], compact[devices[1_999]]) == ("00001", "01999")
    assert fit_labels(devices, 8)[devices[1]] == "do…00001"
    assert [are_labels_clear(devices, width) for width in (4, 5, 6, 12)] == [False, True, True, True]


@given(
    st.sets(st.text("ab_01", min_size=1, max_size=20), min_size=1, max_size=12),
    st.dictionaries(
        st.text("ab_01", min_size=1, max_size=3), st.text("xyz", min_size=1, max_size=12), max_size=4
    ),
)
def test_each_station_has_its_own_label(devices: set[str], given_names: dict[str, str]) -> None:
    short_names = {
        device: f"{name}{number}"[-12:] for number, (device, name) in enumerate(given_names.items())
    }
    for labels in (label_stations_compactly(devices, short_names), label_stations(devices, short_names, 8)):
        assert set(labels) == devices
        assert len(set(labels.values())) == len(devices)
