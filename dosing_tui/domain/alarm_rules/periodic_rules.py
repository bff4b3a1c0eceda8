"""What is found because time goes on, without any reading: looked for once a second. Pure."""

from collections.abc import Iterator

from dosing_tui.domain.alarm_rules import batch_rules, connection_rules, dose_rules, station_rules, tank_rules
from dosing_tui.domain.alarm_rules.detection import Finding, Outlook
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.rule_state import Memory, minute_of


def over_time(memory: Memory, outlook: Outlook, limits: AlarmLimits) -> Iterator[Finding]:
    now, minute = outlook.now, minute_of(outlook.now)
    yield from connection_rules.states(outlook, limits)
    yield from tank_rules.lasting_gaps(memory, now)
    for device in memory.stations:
        yield station_rules.silence(memory, device, outlook, limits)
        yield station_rules.clock(memory, device, limits)
        yield from batch_rules.waiting(memory, device, now, limits)
        yield from dose_rules.of_the_hour(memory, device, minute, limits)
