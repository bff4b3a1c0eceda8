"""Assignment of journaled alarms to batches."""

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct

from dosing_tui.domain.alarms.catalog import RULES, BatchWeight
from dosing_tui.domain.batches.models import Batch, is_same_name

_BATCH_RULE_PREFIX = "BATCH_"
"""Prefix of the batch rules, which version 1 excluded."""
_TANK_RULE_PREFIX = "STOCK_"


class AlarmSpan(Struct, frozen=True):
    """Active time of a journaled alarm; ``until`` is None while it is active."""

    name: str
    """Rule and, after a slash, item of the station."""
    since: datetime
    until: datetime | None
    device_id: str = ""
    """Station; '' for an alarm of the whole plant."""
    message: str = ""
    """Message at the raise."""


class BatchAlarm(Struct, frozen=True, order=True):
    """Alarm of a batch, with its time: the raise, or the start of the batch if it was active before."""

    at: datetime
    name: str


def list_batch_alarms(
    batch: Batch,
    alarms: Iterable[AlarmSpan],
    belongs: Callable[[AlarmSpan, Batch], bool],
) -> tuple[BatchAlarm, ...]:
    """List the alarms of a batch by time. A later return does not change the result.

    ``belongs``: ``is_active_during``, or what an earlier version of the rules had in its place.
    """
    ours = {
        BatchAlarm(max(alarm.since, batch.begins_at), alarm.name) for alarm in alarms if belongs(alarm, batch)
    }
    return tuple(sorted(ours))


def is_active_during(alarm: AlarmSpan, batch: Batch) -> bool:
    """Return whether an alarm of the station or the plant was active during a batch, and is listed with it.

    A momentary alarm belongs to the batch of its raise, although it stays active for its off-delay.
    """
    known = RULES.get(alarm.name.partition("/")[0])
    if alarm.device_id not in ("", batch.device_id):
        return False
    if known is not None and known.batch_weight is BatchWeight.OWN_CHECK:
        return False
    until = alarm.since if known is not None and known.momentary else alarm.until
    return alarm.since <= (batch.ends_at or batch.last_at) and (until is None or until >= batch.begins_at)


def is_batch_alarm(alarm: AlarmSpan, batch: Batch) -> bool:
    """Return whether an alarm belongs to a batch by version 1 of the rules: never one of an unused tank."""
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
