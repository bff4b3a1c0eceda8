"""The stations' counters between two runs: only of the election right before, and never twice."""

import stat
from pathlib import Path

import pytest

from dosing_tui.collector.presence.counter_file import FILE_NAME, save_counters, take_counters
from dosing_tui.domain.presence.counter_run import SavedRun

COUNTERS = {"s1": [SavedRun("b1", 7, [(3, 2)]), SavedRun(None, 4, [])]}


@pytest.mark.parametrize(("before", "now", "is_kept"), [
    (4, 5, True), (None, None, True), (4, 6, False), (4, 4, True), (None, 5, False), (4, None, False),
])  # fmt: skip
def test_they_are_those_of_the_election_right_before(
    tmp_path: Path, before: int | None, now: int | None, is_kept: bool
) -> None:
    save_counters(tmp_path, before, COUNTERS)
    assert take_counters(tmp_path, now) == (COUNTERS if is_kept else {})
    assert take_counters(tmp_path, now) == {}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"epoch":4,"stations":[]}',
        '{"epoch":4,"stations":{"a":[[1]]}}',
        '{"epoch":"x","stations":{}}',
    ],
)
def test_a_file_that_cannot_be_read_starts_again(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert take_counters(tmp_path, 5) == {}
    assert not (tmp_path / FILE_NAME).exists()


def test_nobody_else_reads_it_and_a_missing_folder_is_no_fault(tmp_path: Path) -> None:
    save_counters(tmp_path, None, COUNTERS)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    save_counters(tmp_path / "gone", None, COUNTERS)
