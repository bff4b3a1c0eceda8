"""Checks of the spool: folder, disk, damage, age. Pure."""

from collections.abc import Iterator
from datetime import datetime

from dosing_tui.config.settings import Settings
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.doctor.checks.spool_probe import SpoolFacts
from dosing_tui.domain.quantities.quantity_text import (
    count_noun,
    format_bytes,
    format_duration,
    format_percent,
)

_REPORT = ThemeReporter(CheckTheme.SPOOL)


def check_spool(settings: Settings, facts: SpoolFacts, now: datetime) -> Iterator[CheckResult]:
    yield from _check_folder(facts)
    yield from _check_stray_file(facts)
    yield from _check_disk(settings, facts)
    if not facts.exists:
        yield _REPORT.skip_check("content", "No collector has run on this machine as this account.")
    elif not facts.content.is_readable:
        yield _REPORT.skip_check("content", "Another account's: run doctor as the collector's account.")
    else:
        yield from _check_content(settings, facts, now)


def _check_folder(facts: SpoolFacts) -> Iterator[CheckResult]:
    if facts.foreign_access:
        place, _, command = facts.foreign_access.partition("; ")
        yield _REPORT.fail_check(
            "folder",
            f"The spool's folder {place}: nothing is collected here.",
            f"{command[:1].upper()}{command[1:]}",
        )
    elif not facts.is_writable:
        yield _REPORT.fail_check(
            "folder",
            f"This account may not write to {facts.folder}.",
            "Run as the collector's account, or set collector.spool_dir to a folder of this account.",
        )
    elif facts.file_system:
        yield _REPORT.fail_check(
            "folder",
            f"{facts.folder} is on a file system of another machine ({facts.file_system}).",
            "Set collector.spool_dir to a folder on a local disk.",
        )
    else:
        yield _REPORT.pass_check("folder", f"{facts.folder}, on a local disk, closed to others.")


def _check_stray_file(facts: SpoolFacts) -> Iterator[CheckResult]:
    if facts.stray_file is not None:
        yield _REPORT.warn_of(
            "place",
            f"No collector reads {facts.stray_file}: a spool belongs into the folder of its site.",
            f"Stop the collector; if nothing waits in its own spool, move the file to {facts.folder}.",
        )


def _check_disk(settings: Settings, facts: SpoolFacts) -> Iterator[CheckResult]:
    if facts.disk is None:
        return
    maximum = settings.collector.spool_max_mb * 1024**2
    free = format_bytes(facts.disk.free_bytes)
    if facts.disk.is_nearly_full:
        yield _REPORT.fail_check(
            "disk",
            f"The spool's disk has only {free} free: collecting stops when it is full.",
            f"Make room on the disk of {facts.folder}.",
        )
    elif facts.disk.free_bytes + facts.file_bytes < maximum:
        yield _REPORT.warn_of(
            "disk",
            f"The spool may grow to {format_bytes(maximum)}, its disk has {free} free.",
            "Make room, or lower collector.spool_max_mb.",
        )
    else:
        yield _REPORT.pass_check("disk", f"{free} free, the spool takes at most {format_bytes(maximum)}.")


def _check_content(settings: Settings, facts: SpoolFacts, now: datetime) -> Iterator[CheckResult]:
    if facts.content.damage:
        yield _REPORT.fail_check(
            "content",
            f"The spool's file is damaged: {facts.content.damage.rstrip('.')}.",
            "Restart the collector: it takes over what can be read and keeps the damaged file.",
        )
        return
    if facts.set_aside_files:
        yield _REPORT.warn_of(
            "content",
            f"A damaged spool was set aside: {', '.join(facts.set_aside_files)}.",
            f"Check the disk; delete the file in {facts.folder} when it is no longer needed.",
        )
    yield _check_age(settings, facts, now)


def _check_age(settings: Settings, facts: SpoolFacts, now: datetime) -> CheckResult:
    """By the limits of the alarms for the spool."""
    limits, content = settings.alarms, facts.content
    age_s = (now - content.oldest_at).total_seconds() if content.oldest_at else 0.0
    fill = 100.0 * content.used_bytes / (settings.collector.spool_max_mb * 1024**2)
    since = f"for {format_duration(round(age_s))}" if content.oldest_at else "for an unknown time"
    waiting = count_noun(content.message_count, "reading")
    text = f"Waiting for the database: {waiting}, the oldest {since}."
    remedy = "Let a collector run here while the database is available."
    is_old = content.oldest_at is None or age_s > limits.spool_age_minutes * 60
    if content.message_count and fill > limits.spool_percent:
        text += (
            f" The spool is {format_percent(fill)} full: a full one stops collecting, and the broker queues."
        )
        return _REPORT.warn_of("age", text, remedy)
    if content.message_count and is_old:
        return _REPORT.warn_of("age", text, remedy)
    return _REPORT.pass_check("age", text if content.message_count else "No reading waits.")
