"""What the benchmark makes of its rounds."""

from tests.benchmarks.comparison.figures import OURS, FigureSet, format_value

RIVAL = "Telegraf"


def make_rounds() -> FigureSet:
    """Three rounds; the machine was slow in the second."""
    figures = FigureSet()
    for ours, theirs in ((30_000.0, 40_000.0), (3_000.0, 5_000.0), (33_000.0, 40_000.0)):
        figures.add_figures("flood", RIVAL, {"messages/s": theirs})
        figures.add_figures("flood", OURS, {"messages/s": ours, "rows lost": 0.0})
    return figures


def test_the_median_of_the_rounds_is_shown_with_the_median_of_their_ratios() -> None:
    assert make_rounds().format_table() == (
        "|                   | dosing-tui |       Telegraf |\n"
        "|-------------------|-----------:|---------------:|\n"
        "| flood: messages/s |     30,000 | 40,000 (0.75×) |\n"
        "| flood: rows lost  |          0 |                |"
    )


def test_the_file_holds_every_round() -> None:
    found = make_rounds().to_json()
    assert found[0] == {
        "figure": "flood: messages/s", "subject": RIVAL, "rounds": [40_000.0, 5_000.0, 40_000.0],
        "median": 40_000.0, "ours_to_this": 0.75,
    }  # fmt: skip
    assert [one["ours_to_this"] for one in found[1:]] == [None, None]


def test_nothing_is_divided_by_zero() -> None:
    figures = FigureSet()
    figures.add_figures("kill", OURS, {"lost": 0.0})
    figures.add_figures("kill", RIVAL, {"lost": 0.0})
    assert figures.find_ratio("kill: lost", RIVAL) is None


def test_values_have_three_digits_that_count() -> None:
    written = [format_value(value) for value in (0.0, 0.0213, 2.345, 23.45, 234.5, 36_881.4)]
    assert written == ["0", "0.021", "2.35", "23.4", "234", "36,881"]
