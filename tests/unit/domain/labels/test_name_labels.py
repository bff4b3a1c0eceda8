"""Short labels: distinct, never too wide, and independent of the other names as far as possible."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.messages.text_sanitizer import clean_text, count_cells

STATIONS = [f"dosing_system_{number:02}" for number in range(1, 10)]
CHEMICALS = [
    "Natriumhypochlorit 12 %", "Natriumhypochlorit 15 %", "Natriumhydroxid 50 %",
    "polyacrylamide_anionic_A110", "polyacrylamide_cationic_A110", "強酸洗浄剤（濃縮）", "強酸洗浄液（濃縮）",
    "Polyaluminiumchlorid", "T-12", "DMDEE", "cafe\u0323 \u03b1 additive one", "cafe \u03b1 additive one",
]  # fmt: skip

PLAIN = st.text("ab_ -019", min_size=1, max_size=24)
ODD = st.text(st.sampled_from("aé強酸🧪 \u0323\u0e33\u0e48%#…·ß01"), min_size=1, max_size=20)
NAMES = st.builds(
    lambda start, rests, end: [clean_text(start + rest + end) for rest in rests],
    st.sampled_from(["", "dosing_system_", "強酸洗浄", "x" * 30]),
    st.lists(st.one_of(PLAIN, ODD), min_size=1, max_size=30),
    st.sampled_from(["", "_pump", "強", "y" * 20]),
)
WIDTHS = st.integers(0, 40)


@given(NAMES, WIDTHS)
def test_distinct_names_have_distinct_labels_of_at_most_the_width(names: Sequence[str], width: int) -> None:
    labels = fit_labels(names, width)
    assert set(labels) == set(names)
    assert all(count_cells(label) <= width for label in labels.values())
    if len(labels) < 36**width:
        assert len(set(labels.values())) == len(labels)


@given(NAMES, WIDTHS)
def test_a_name_that_fits_is_its_own_label(names: Sequence[str], width: int) -> None:
    assert all(
        label == name for name, label in fit_labels(names, width).items() if count_cells(name) <= width
    )


@given(st.lists(PLAIN, min_size=1, max_size=9), st.randoms(use_true_random=False), WIDTHS)
def test_the_order_of_the_names_does_not_matter(names: list[str], random: object, width: int) -> None:
    shuffled = list(names) * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fit_labels(shuffled, width) == fit_labels(names, width)


@pytest.mark.parametrize("width", range(2, 17))
def test_another_station_does_not_change_the_labels_of_the_others(width: int) -> None:
    before = fit_labels(STATIONS, width)
    after = fit_labels([*STATIONS, "dosing_system_10"], width)
    assert {name: after[name] for name in STATIONS} == before


@pytest.mark.parametrize(
    ("width", "first", "last"),
    [(16, "dosing_system_01", "dosing_system_09"), (10, "dosing…01", "dosing…09"), (6, "dos…01", "dos…09"),
     (2, "01", "09"), (1, "1", "9")],
)  # fmt: skip
def test_stations_are_cut_in_the_middle(width: int, first: str, last: str) -> None:
    labels = list(fit_labels(STATIONS, width).values())
    assert (labels[0], labels[-1]) == (first, last)


def test_a_label_shows_where_names_with_equal_ends_differ() -> None:
    labels = fit_labels(CHEMICALS, 14)
    assert labels["Natriumhypochlorit 12 %"] == "Natriumhy…12 %"
    assert labels["polyacrylamide_anionic_A110"] == "polyac…anioni…"
    assert labels["polyacrylamide_cationic_A110"] == "polyac…cation…"
    # a wide character is never cut in half
    assert labels["強酸洗浄剤（濃縮）"] == "強酸洗浄剤…）"
    assert labels["強酸洗浄液（濃縮）"] == "強酸洗浄液…）"


@pytest.mark.parametrize("numbers", [range(5, 61, 5), (15, 25, 30, 35, 40, 45, 55, 60)])
@pytest.mark.parametrize("width", range(4, 19))
def test_a_label_fits_no_other_name(width: int, numbers: Sequence[int]) -> None:
    """Two numbers tell these apart: a part of one of them would fit several stations."""
    names = [f"hall{number // 10}-line-{number:02}-mixer" for number in numbers]
    for name, label in fit_labels([*names, *STATIONS], width).items():
        pattern = ".+".join(map(re.escape, label.split("…")))
        assert [other for other in names if re.fullmatch(pattern, other)] == [name] * (name in names), label


def test_a_number_that_tells_names_apart_is_whole() -> None:
    names = ["hall1-line-10-mixer", "hall1-line-15-mixer", "hall2-line-20-mixer", "hall2-line-25-mixer"]
    assert list(fit_labels(names, 9).values()) == ["hall…10-…", "hall…15-…", "hall…20-…", "hall…25-…"]


def test_ascii_terminals_have_their_own_ellipsis() -> None:
    assert fit_labels(STATIONS, 10, ellipsis="~")["dosing_system_01"] == "dosing~01"


def test_names_that_no_cut_tells_apart_are_numbered() -> None:
    names = ["xxaxx", "xxbxx"]
    assert fit_labels(names, 3) == {"xxaxx": "…a…", "xxbxx": "…b…"}
    assert fit_labels(names, 2) == {"xxaxx": "01", "xxbxx": "02"}
