"""Every check of a folder with the container stack, without running it."""

import re
from collections.abc import Iterator
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

NEEDED = ("compose.yaml", ".env.example", "dosing-tui.toml", "mosquitto/mosquitto.conf", "mosquitto/acl",
          "telegraf/telegraf.conf")  # fmt: skip
_NAMED_FILE = re.compile(
    r"(?<![\w/.])(?:\./)?((?:mosquitto|postgres|telegraf|monitoring)/[\w./-]*\w|make-\w+|compose\.yaml|dosing-tui\.toml)"
)
_MADE_LATER = "mosquitto/certs"
_STACK, _DOCUMENTS = ThemeReporter(CheckTheme.STACK), ThemeReporter(CheckTheme.DOCUMENTS)


def check_deployment(folder: Path) -> Diagnosis:
    """Takes a second or two. Never raises for what it finds."""
    return Diagnosis(datetime.now(UTC), "", __version__, sort_results(_check_everything(folder.resolve())))


def _check_everything(folder: Path) -> Iterator[CheckResult]:
    if missing := [name for name in NEEDED if not (folder / name).is_file()]:
        yield _STACK.fail_check(
            "files",
            f"{folder} lacks {', '.join(missing)}.",
            "Name a copy of the folder deploy/: deploy check FOLDER",
        )
        return
    stack = StackFolder(folder)
    compose = list(check_compose(stack))
    yield from compose
    if any(result.name == "compose" and result.level is CheckLevel.ERROR for result in compose):
        return
    results, settings = check_settings_of(stack)
    yield from results
    yield from check_mosquitto(stack, settings)
    yield from check_telegraf(stack, settings)
    yield from check_grafana(settings)
    yield from check_units(settings)
    yield _check_documents(folder)


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
