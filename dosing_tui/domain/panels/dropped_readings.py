"""Why a panel of an old range is empty: retention has dropped its readings."""

from datetime import datetime, tzinfo
from typing import NamedTuple

from dosing_tui.domain.messages.models import ReadingKind

_KIND_NAMES = {ReadingKind.DOSE: "doses", ReadingKind.EVENT: "batch events", ReadingKind.LEVEL: "levels"}


class DroppedReadings(NamedTuple):
    """Those of a panel's range from ``since`` to before ``until``."""

    kind: ReadingKind
    since: datetime
    until: datetime

    def describe(self, zone: tzinfo) -> str:
        """
        >>> from datetime import UTC
        >>> first, last = (datetime(2026, 8, day, tzinfo=UTC) for day in (1, 3))
        >>> DroppedReadings(ReadingKind.DOSE, first, last).describe(UTC)
        'Retention has dropped its doses from 2026-08-01 00:00 to 2026-08-03 00:00.'
        """
        times = " to ".join(f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (self.since, self.until))
        return f"Retention has dropped its {_KIND_NAMES[self.kind]} from {times}."
