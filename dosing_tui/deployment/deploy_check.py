"""Every check of a folder with the container stack, without running it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from dosing_tui import __version__
from dosing_tui.deployment.compose_checks import check_compose
from dosing_tui.deployment.mosquitto_checks import check_mosquitto
from dosing_tui.deployment.service_checks import (
    check_grafana,
    check_settings_of,
    check_telegraf,
    check_units,
)
from dosing_tui.deployment.stack_folder import StackFolder
from dosing_tui.doctor.checks.check_result import (
    CheckLevel,
    CheckResult,
    CheckTheme,
    Diagnosis,
    ThemeReporter,
    sort_results,
)

NEEDED = ("compose.yaml", "dosing-tui.toml", "mosquitto/mosquitto.conf", "mosquitto/acl")
_NAMED_FILE = re.compile(
    r"(?<![\w/.])(?:\./)?((?:mosquitto|postgres|telegraf|monitoring)/[\w./-]*\w|make-\w+|compose\.yaml|dosing-tui\.toml)"
)
_MADE_LATER = "mosquitto/certs"
_STACK, _DOCUMENTS = ThemeReporter(CheckTheme.STACK), ThemeReporter(CheckTheme.DOCUMENTS)


def check_deployment(folder: Path, environment: Mapping[str, str]) -> Diagnosis:
    """With the variables of the shell. Takes a second or two. Never raises for what it finds."""
    stack = StackFolder(folder.resolve(), environment)
    return Diagnosis(datetime.now(UTC), "", __version__, sort_results(_check_everything(stack)))


def _check_everything(stack: StackFolder) -> Iterator[CheckResult]:
    folder = stack.path
    needed = (*NEEDED, ".env" if stack.has_variables else ".env.example")
    if missing := [name for name in needed if not (folder / name).is_file()]:
        yield _STACK.fail_check(
            "files",
            f"{folder} lacks {', '.join(missing)}.",
            "Name a copy of the folder deploy/: deploy check FOLDER",
        )
        return
    compose = list(_guard_checks(check_compose(stack)))
    yield from compose
    if any(result.name == "compose" and result.level is CheckLevel.ERROR for result in compose):
        return
    results, settings = check_settings_of(stack)
    yield from results
    yield from _guard_checks(check_mosquitto(stack, settings))
    yield from check_telegraf(stack, settings)
    yield from check_grafana(settings)
    yield from check_units(settings)
    yield _check_documents(folder)


def _guard_checks(checks: Iterator[CheckResult]) -> Iterator[CheckResult]:
    """A file that cannot be read ends the checks that need it, not the others."""
    try:
        yield from checks
    except (OSError, ValueError) as error:
        yield _STACK.fail_check(
            "files", f"A file cannot be read: {error}.", "Save it as UTF-8; run this as its owner."
        )


def _check_documents(folder: Path) -> CheckResult:
    """Files of the stack that README.md names."""
    readme = folder / "README.md"
    if not readme.is_file():
        return _DOCUMENTS.skip_check("README.md", "It is not in the folder.")
    named = set(_NAMED_FILE.findall(readme.read_text(encoding="utf-8")))
    missing = sorted(
        name for name in named if not name.startswith(_MADE_LATER) and not (folder / name).exists()
    )
    if missing:
        return _DOCUMENTS.warn_of(
            "README.md",
            f"It names {', '.join(missing)}, which are not there.",
            "Take them from the program's source.",
        )
    return _DOCUMENTS.pass_check(
        "README.md", f"Files of the stack that it names: all {len(named)} are there."
    )
