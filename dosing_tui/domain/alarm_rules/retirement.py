"""Stations and tanks that were taken out of service for good: the alarm RETIRED of each is out of service.

They raise nothing, and their alarms end. One that is used again returns to service by itself.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from dosing_tui.domain.alarm_rules.delays import create_state_entry
from dosing_tui.domain.alarms.catalog import CATALOG_VERSION, RETIRED, RULES
from dosing_tui.domain.alarms.journal_projection import JournalProjection
from dosing_tui.domain.alarms.models import (
    AlarmEvent,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Suppression,
)
from dosing_tui.domain.messages.models import Dose, InventoryLevel, Reading, TimeQuality
from dosing_tui.domain.presence.models import StationNews, StationReport

TANK_RULES = frozenset(
    {
        "STOCK_LOW", "STOCK_CRITICAL", "STOCK_COVER_LOW", "STOCK_RESET", "STOCK_MISMATCH", "LOT_EXPIRED",
        "LOT_UNKNOWN", "LOT_EXPIRES_SOON", "DOSE_OUT_OF_TOL", "DOSE_GROSS",
    }
)  # fmt: skip
"""Rules whose item is the tank's chemical."""


class RetirementRules:
    """``apply_entry`` applies an entry to the projection, and returns it if it has an effect."""

    def __init__(
        self,
        projection: JournalProjection,
        apply_entry: Callable[[JournalEntry], list[JournalEntry]],
        new_id: Callable[[], UUID],
    ) -> None:
        self._projection, self._apply_entry, self._new_id = projection, apply_entry, new_id
        self._signs_of_life: dict[str, datetime] = {}
        """Status messages since the last tick: station -> time of receipt."""

    def find_retirement(self, key: AlarmKey) -> Suppression | None:
        """Who retired the station or the tank of an alarm, when and why; None if it is in service."""
        retired = self._projection.retired_keys
        if not retired or not key.device or key.rule == RETIRED:
            return None
        keys = [AlarmKey(RETIRED, key.device)]
        if key.rule in TANK_RULES:
            keys.append(AlarmKey(RETIRED, key.device, key.item))
        return next((self._projection.states[each].hiding for each in keys if each in retired), None)

    def list_stations(self) -> frozenset[str]:
        return frozenset(key.device for key in self._projection.retired_keys if not key.item)

    def end_alarm(self, state: AlarmState, retired: Suppression, now: datetime) -> list[JournalEntry]:
        """End an alarm of a retired station or tank; one that is shelved, when its time is over."""
        hiding = state.hiding
        if state.state_name is AlarmStateName.NORMAL or state.state_name is AlarmStateName.OUT_OF_SERVICE:
            return []
        if hiding is not None and hiding.until is not None:
            return [] if hiding.until > now else self._emit(state, AlarmEvent.SHELVE_EXPIRE, now, "")
        why = f"retired: {retired.why}"
        entries = self._emit(state, AlarmEvent.SUPPRESS, now, why) if hiding is None else []
        return entries + self._emit(state, AlarmEvent.UNSUPPRESS, now, why)

    def note_news(self, news: StationNews) -> None:
        if isinstance(news, StationReport) and news.is_sign_of_life:
            self._signs_of_life[news.device_id] = news.received_at

    def return_reading(self, reading: Reading, last_level: InventoryLevel | None) -> list[JournalEntry]:
        """Return to service the station and the tank that a live reading shows to be in use again.

        A station tells the levels of all its tanks when it starts: one that is as before is no use of the
        tank. A reading that was made before the retirement is none either.
        """
        keys = [AlarmKey(RETIRED, reading.device_id)]
        if isinstance(reading, Dose) or (
            isinstance(reading, InventoryLevel) and _is_changed(reading, last_level)
        ):
            keys.append(AlarmKey(RETIRED, reading.device_id, reading.chemical))
        is_dated = reading.time_quality is TimeQuality.DEVICE
        made_at = min(reading.time, reading.received_at) if is_dated else reading.received_at
        return self._return_keys(keys, made_at, reading.received_at)

    def return_signs_of_life(self) -> list[JournalEntry]:
        """Return to service the stations that have sent a status since they were retired."""
        signs, self._signs_of_life = self._signs_of_life, {}
        return [
            entry
            for device, at in signs.items()
            for entry in self._return_keys([AlarmKey(RETIRED, device)], at, at)
        ]

    def _return_keys(self, keys: Iterable[AlarmKey], made_at: datetime, at: datetime) -> list[JournalEntry]:
        """``made_at``: when the message was made; one of before the retirement says nothing."""
        entries: list[JournalEntry] = []
        for key in keys:
            state = self._projection.states[key] if key in self._projection.retired_keys else None
            if state and state.hiding and state.hiding.since < made_at:
                entries += self._apply_entry(_create_comeback(state, at, self._new_id()))
        return entries

    def _emit(self, state: AlarmState, event: AlarmEvent, now: datetime, why: str) -> list[JournalEntry]:
        return self._apply_entry(create_state_entry(state, event, now, self._new_id(), comment=why))


def _is_changed(level: InventoryLevel, last: InventoryLevel | None) -> bool:
    return last is None or (level.remaining_g, level.percent_full) != (last.remaining_g, last.percent_full)


def _create_comeback(state: AlarmState, at: datetime, uuid: UUID) -> JournalEntry:
    """The end of a retirement: an alarm says so."""
    device, item = state.key.device, state.key.item
    words = f"Tank {item} of station {device} is in use" if item else f"Station {device} sends messages"
    return JournalEntry(
        uuid, state.key, AlarmEvent.RETURN_TO_SERVICE, at, at, RULES[RETIRED].priority, CATALOG_VERSION,
        message=f"{words} again: no longer retired", active=True,
    )  # fmt: skip
