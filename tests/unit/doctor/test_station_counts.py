"""The doctor says when there are more stations or tanks than alarms can watch."""

import pytest

from dosing_tui.database.diagnosis.facts import StationCounts
from dosing_tui.doctor.checks.collector_checks import check_station_counts

WATCHED = "alarms watch 2 000, the most active, and those with a tank alarm."


@pytest.mark.parametrize(
    ("counts", "texts"),
    [
        (StationCounts(9, 40), ["Alarms watch 9 stations."]),
        (StationCounts(2_000, 2_000), ["Alarms watch 2 000 stations."]),
        (StationCounts(2_001, 9), [f"2 001 stations in the database; {WATCHED}"]),
        (StationCounts(1, 5_000), [f"5 000 tanks in the database; {WATCHED}"]),
    ],
)  # fmt: skip
def test_more_than_alarms_can_watch_is_a_warning(counts: StationCounts, texts: list[str]) -> None:
    assert [result.text for result in check_station_counts([counts])] == texts
