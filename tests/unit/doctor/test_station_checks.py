"""Lost messages, by the doctor."""

from dosing_tui.database.diagnosis.facts import StationLoss
from dosing_tui.doctor.checks.check_result import CheckLevel
from dosing_tui.doctor.checks.collector_checks import check_lost_messages


def test_each_station_that_lost_messages_is_named_with_their_number() -> None:
    first, second = check_lost_messages(
        [StationLoss("s1", 3), StationLoss("s2", 0), StationLoss("s3\x1b[2J", 1)]
    )
    assert (first.level, first.text) == (CheckLevel.WARNING, "3 messages of s1 lost in 24 hours.")
    assert second.text.startswith("1 message of s3")
    assert "\x1b" not in second.text


def test_no_loss_is_fine_and_no_number_is_no_fault() -> None:
    (fine,) = check_lost_messages([StationLoss("s1", 0)])
    assert (fine.level, fine.text) == (
        CheckLevel.OK,
        "1 station with numbered messages, none lost in 24 hours.",
    )
    (skipped,) = check_lost_messages([])
    assert skipped.level is CheckLevel.SKIPPED
