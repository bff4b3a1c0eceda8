"""Input of the alarm rules beside readings: links, topics, parts of the database, spool, shift. Pure."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarm_rules.shared.detection import (
    ConnectionState,
    DatabasePartState,
    EvaluationContext,
    TopicAccess,
)
from dosing_tui.domain.materials.lots.tank_lots import TankLots
from dosing_tui.live_snapshot import DatabasePart, LinkState, LinkStatus, LiveSnapshot

_PARTS_WITHOUT_ALARM = (DatabasePart.QUERIES, DatabasePart.COLLECTOR)
"""Shown in the tiles, or seen only by a viewer."""


class SpoolFill(Struct, frozen=True):
    """Fill of the spool in percent, when its oldest reading was received, whether it is full.

    ``is_intake_shared``: another program may receive some of the messages.
    """

    percent: float = 0.0
    oldest_at: datetime | None = None
    is_intake_stopped: bool = False
    is_intake_shared: bool = False


def build_evaluation_context(
    snapshot: LiveSnapshot, settings: Settings, spool: SpoolFill, tank_lots: Sequence[TankLots], now: datetime
) -> EvaluationContext:
    calendar, zone = settings.calendar, ZoneInfo(settings.plant.timezone)
    sentences = {fault.part: fault.sentence for fault in snapshot.database_faults}
    return EvaluationContext(
        now,
        broker=_build_connection_state(snapshot.broker),
        database=_build_connection_state(snapshot.database),
        topics=tuple(TopicAccess(topic, topic in snapshot.refused_topics) for topic in settings.mqtt.topics),
        database_parts=tuple(
            DatabasePartState(part.name.lower(), sentences.get(part, ""))
            for part in DatabasePart
            if part not in _PARTS_WITHOUT_ALARM
        ),
        spool_count=snapshot.message_counts.spooled,
        oldest_spooled_at=spool.oldest_at,
        spool_percent=spool.percent,
        is_intake_stopped=spool.is_intake_stopped,
        is_intake_shared=spool.is_intake_shared,
        tank_lots=tuple(tank_lots),
        is_shift_scheduled=not calendar.shifts or calendar.get_current_shift(now, zone) is not None,
    )


def _build_connection_state(link: LinkState) -> ConnectionState:
    is_up = None if link.status is LinkStatus.STARTING else link.status is not LinkStatus.DOWN
    return ConnectionState(is_up, link.since, link.reason)
