"""How old a value of each kind may be before it is drawn as old."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum


class ValueKind(StrEnum):
    """Values that are shown until the next one arrives."""

    LEVEL = "level"
    DOSE = "dose"
    BATCH = "batch"
    STATION = "station"


AGE_LIMITS: Mapping[ValueKind, timedelta] = {
    ValueKind.LEVEL: timedelta(minutes=30),
    ValueKind.DOSE: timedelta(hours=1),
    ValueKind.BATCH: timedelta(hours=4),
    ValueKind.STATION: timedelta(minutes=10),
}
"""Older values are dim and have their age beside them. A station sends its levels after every batch."""


def is_old(kind: ValueKind, at: datetime, now: datetime) -> bool:
    """Whether a value of this kind, received at ``at``, is to be drawn as old."""
    return now - at > AGE_LIMITS[kind]
