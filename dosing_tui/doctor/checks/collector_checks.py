"""Checks of who collects, who else writes, of the stations' clocks and lost messages. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.settings import Settings
from dosing_tui.database.diagnosis.facts import (
    DatabaseFacts,
    StationClockSample,
    StationCounts,
    StationLoss,
)
from dosing_tui.database.leader_election import LEASE_S
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.domain.alarm_rules.shared.rule_state import MAX_SERIES, RuleState
from dosing_tui.domain.alarm_rules.station_rules import add_clock_reading, check_clock_skew
from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.messages.models import TimeQuality
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.quantities.quantity_text import count_noun, format_count, format_duration

_QUALITIES = frozenset(quality.value for quality in TimeQuality)
_COLLECTOR = ThemeReporter(CheckTheme.COLLECTOR)
_STATIONS = ThemeReporter(CheckTheme.STATIONS)


def check_collector(settings: Settings, facts: DatabaseFacts) -> Iterator[CheckResult]:
    if facts.schema_flavour is None:
        return
    site, lease = settings.plant.site, facts.lease
    start = "Start one: systemctl start dosing-tui, or dosing-tui collect."
    if lease is None:
        yield _COLLECTOR.warn_of("lease", f"No process has ever collected for site {site}.", start)
    elif lease.is_released:
        silent = format_duration(round(lease.silent_s))
        yield _COLLECTOR.warn_of("lease", f"No process collects for site {site}, for {silent}.", start)
    elif lease.silent_s > LEASE_S:
        silent = format_duration(round(lease.silent_s))
        holder = clean_line(lease.holder_name)
        yield _COLLECTOR.fail_check(
            "lease", f"The collector of site {site} ({holder}) gives no sign of life for {silent}.", start
        )
    else:
        yield _COLLECTOR.pass_check("lease", f"{clean_line(lease.holder_name)} collects for site {site}.")
    for writer in facts.other_writers:
        yield _COLLECTOR.fail_check(
            "other writers",
            f"{writer} writes the same tables: every reading may be counted twice.",
            "Stop its dosing inputs, or let it write to the views ingest_… only.",
        )
    if not facts.other_writers:
        yield _COLLECTOR.pass_check("other writers", "No other program writes the tables.")


def check_lost_messages(losses: Iterable[StationLoss]) -> Iterator[CheckResult]:
    """By the gaps in the stations' sequence numbers."""
    known = tuple(losses)
    lossy = [each for each in known if each.lost]
    for each in lossy:
        yield _STATIONS.warn_of(
            "messages",
            f"{count_noun(each.lost, 'message')} of {clean_line(each.device_id, 40)} lost in 24 hours.",
            "Check its network; let it publish with QoS 1, or set queue_qos0_messages at the broker.",
        )
    if not known:
        yield _STATIONS.skip_check("messages", "No station numbers its messages (seq).")
    elif not lossy:
        yield _STATIONS.pass_check(
            "messages", f"{count_noun(len(known), 'station')} with numbered messages, none lost in 24 hours."
        )


def check_station_counts(counts: Iterable[StationCounts]) -> Iterator[CheckResult]:
    """Whether alarms watch all stations and tanks."""
    most = format_count(MAX_SERIES)
    for count in counts:
        for number, noun in ((count.stations, "station"), (count.tanks, "tank")):
            if number > MAX_SERIES:
                yield _STATIONS.warn_of(
                    "alarms",
                    f"{count_noun(number, noun)} in the database; alarms watch {most}, the most active,"
                    " and those with a tank alarm.",
                    "Retire those that are gone: dosing-tui stations retire NAME. Names may be invented.",
                )
        if max(count.stations, count.tanks) <= MAX_SERIES:
            yield _STATIONS.pass_check("alarms", f"Alarms watch {count_noun(count.stations, 'station')}.")


def check_station_clocks(
    settings: Settings, samples: Iterable[StationClockSample], now: datetime
) -> Iterator[CheckResult]:
    """By the rule of the alarm CLOCK_SKEW, on the stored readings of the last hour."""
    state = RuleState((), now)
    limits = build_alarm_limits(settings)
    for sample in samples:
        clock = state.get_station(sample.device_id)
        if sample.time_quality in _QUALITIES:
            quality = TimeQuality(sample.time_quality)
            add_clock_reading(clock, quality, sample.time, sample.received_at)
    found = [(device, check_clock_skew(state, device, limits)) for device in sorted(state.stations)]
    wrong = [(device, detection) for device, detection in found if detection.active]
    for device, detection in wrong:
        report = _STATIONS.fail_check if detection.priority is Priority.MEDIUM else _STATIONS.warn_of
        station = clean_line(device, 40)
        yield report(
            "clock", f"{clean_line(detection.message)}.", f"Set the time server (NTP) of station {station}."
        )
    if not found:
        yield _STATIONS.skip_check("clock", "No station has sent a dose in the last hour.")
    elif not wrong:
        text = f"{count_noun(len(found), 'station')} with doses in the last hour, no clock is wrong."
        yield _STATIONS.pass_check("clock", text)
