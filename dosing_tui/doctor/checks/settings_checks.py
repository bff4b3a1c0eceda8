"""Checks of the settings: the file, and what was forgotten in it. Pure."""

from collections.abc import Iterator
from pathlib import Path

from dosing_tui.config.loader import LoadedSettings
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.domain.quantities.quantity_text import count_noun

_REPORT = ThemeReporter(CheckTheme.SETTINGS)


def explain_refused_settings(reason: str) -> Iterator[CheckResult]:
    """``reason``: the sentence of the ConfigError."""
    yield _REPORT.fail_check("file", reason, "Correct it; 'dosing-tui config init' writes a documented file.")
    yield _REPORT.skip_check("others", "Every other check needs the settings.")


def explain_missing_settings(path: Path) -> Iterator[CheckResult]:
    """``path``: where the file is looked for."""
    yield _REPORT.fail_check(
        "file",
        f"There are no settings: {path} does not exist.",
        "Run dosing-tui config init and set broker, database and time zone there; or try dosing-tui demo.",
    )
    yield _REPORT.skip_check("others", "Every other check needs the settings.")


def check_settings(loaded: LoadedSettings, *, machine_zone: str) -> Iterator[CheckResult]:
    """``machine_zone``: name of this machine's time zone; '' if it is not known."""
    given = loaded.list_given()
    origin = str(loaded.path) if loaded.path.exists() else "the environment"
    yield _REPORT.pass_check("file", f"{count_noun(len(given), 'value')} from {origin}, no mistake in them.")
    is_default = "plant.timezone" not in given
    yield _check_zone(loaded.settings.plant.timezone, machine_zone, is_default=is_default)


def _check_zone(zone: str, machine_zone: str, *, is_default: bool) -> CheckResult:
    if is_default and machine_zone not in ("", zone, "Etc/UTC", "UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu"):
        return _REPORT.warn_of(
            "time zone",
            f"plant.timezone is not set and counts as UTC; this machine is in {machine_zone}.",
            f'Set timezone = "{machine_zone}" in [plant]: shifts and days begin by it.',
        )
    return _REPORT.pass_check("time zone", f"The plant's days and shifts are those of {zone}.")
