"""Checks of the settings: the file, and what was forgotten in it. Pure."""

from collections.abc import Iterator, Mapping

from dosing_tui.config.loader import LoadedSettings
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter

_REPORT = ThemeReporter(CheckTheme.SETTINGS)


def explain_refused_settings(reason: str) -> Iterator[CheckResult]:
    """``reason``: the sentence of the ConfigError."""
    yield _REPORT.fail_check("file", reason, "Correct it; 'dosing-tui config init' writes a documented file.")
    yield _REPORT.skip_check("others", "Every other check needs the settings.")


def check_settings(loaded: LoadedSettings, *, machine_zone: str) -> Iterator[CheckResult]:
    """``machine_zone``: name of this machine's time zone; '' if it is not known."""
    changed = sum(source not in ("default", "not set here") for source in loaded.sources.values())
    if not loaded.path.exists() and not changed:
        yield _REPORT.fail_check(
            "file",
            f"There are no settings: {loaded.path} does not exist, so the defaults of no plant count.",
            "Run: dosing-tui config init",
        )
    else:
        origin = str(loaded.path) if loaded.path.exists() else "the environment"
        yield _REPORT.pass_check("file", f"{changed} values from {origin}, no mistake in them.")
    yield _check_zone(loaded.settings.plant.timezone, loaded.sources, machine_zone)


def _check_zone(zone: str, sources: Mapping[str, str], machine_zone: str) -> CheckResult:
    is_default = sources.get("plant.timezone") == "default"
    if is_default and machine_zone not in ("", zone, "Etc/UTC", "UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu"):
        return _REPORT.warn_of(
            "time zone",
            f"plant.timezone is not set and counts as UTC; this machine is in {machine_zone}.",
            f'Set timezone = "{machine_zone}" in [plant]: shifts and days begin by it.',
        )
    return _REPORT.pass_check("time zone", f"The plant's days and shifts are those of {zone}.")
