"""What broker, server and files say of themselves reaches no terminal as a command."""

from datetime import UTC, datetime

from dosing_tui.doctor.checks.check_result import CheckTheme, Diagnosis, ThemeReporter
from dosing_tui.doctor.report_format import render_json, render_text

HOSTILE = "mosquitto \x1b[2J\x1b]0;gone\x07 2.0\n\rOK \u202e\x9b31m"


def test_a_result_holds_no_control_character() -> None:
    results = (
        ThemeReporter(CheckTheme.BROKER).pass_check(f"version {HOSTILE}", HOSTILE),
        ThemeReporter(CheckTheme.DATABASE).fail_check("replication", HOSTILE, f"Drop {HOSTILE}."),
    )
    diagnosis = Diagnosis(datetime.now(UTC), "", "1", results)
    for result in results:
        assert (result.name + result.text + result.remedy).isprintable()
    text = render_text(diagnosis)
    assert all(line.isprintable() for line in text.splitlines())
    assert len(text.splitlines()) == 2 + len(results) + 2
    assert "mosquitto" in text
    assert "\\u001b" not in render_json(diagnosis)


def test_a_long_sentence_stays_whole() -> None:
    sentence = f"{'folder/' * 100}spool cannot be used."
    assert ThemeReporter(CheckTheme.SPOOL).pass_check("folder", sentence).text == sentence
