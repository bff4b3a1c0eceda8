"""Which alarms of the journal say something of a batch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.batches.models import Batch, is_same_name

_BATCH_RULE_PREFIX = "BATCH_"
"""Rules about batches: the batch they mean tells the same itself; they come while the next one is made."""
_TANK_RULE_PREFIX = "STOCK_"


@dataclass(frozen=True, slots=True)
class AlarmSpan:
    """An alarm of the journal: when it was active (``until`` None: still is)."""

    name: str
    """Its rule and, after a slash, what of the station it is about."""
    since: datetime
    until: datetime | None
    device_id: str = ""
    """'' for an alarm of the whole plant."""
    message: str = ""
    """What it said when it was raised."""


@dataclass(frozen=True, slots=True, order=True)
class BatchAlarm:
    """An alarm of a batch: which, and when it came; of one that was active before, when the batch began."""

    at: datetime
    name: str


def list_batch_alarms(batch: Batch, alarms: Iterable[AlarmSpan]) -> tuple[BatchAlarm, ...]:
    """Those that concern it, by their time. When they end later on, they stay what they are."""
    ours = {
        BatchAlarm(max(alarm.since, batch.begins_at), alarm.name)
        for alarm in alarms
        if is_batch_alarm(alarm, batch)
    }
    return tuple(sorted(ours))


def is_batch_alarm(alarm: AlarmSpan, batch: Batch) -> bool:
    """Of this station or of the plant, in the time of the batch, and not about a tank that it did without.

    What tells of a moment concerns the batch of that moment, though it is active for a minute longer.
    """
    rule, _, item = alarm.name.partition("/")
    if alarm.device_id not in ("", batch.device_id) or rule.startswith(_BATCH_RULE_PREFIX):
        return False
    if rule.startswith(_TANK_RULE_PREFIX) and not any(
        is_same_name(one.chemical, item) for one in batch.ingredients
    ):
        return False
    known = RULES.get(rule)
    momentary = known is not None and known.momentary
    until = alarm.since if momentary else alarm.until
    return alarm.since <= (batch.ends_at or batch.last_at) and (until is None or until >= batch.begins_at)
