"""Names of stations: the settings' short name first, and always one name for one station."""

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.labels.name_labels import are_labels_clear, fit_labels
from dosing_tui.domain.labels.station_labels import label_stations, label_stations_compactly, name_stations

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
