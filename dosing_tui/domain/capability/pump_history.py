"""What the control chart of a pump at one target is drawn from."""

from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.domain.capability.service_log import ServiceEntry
from dosing_tui.domain.panels.panel_catalog import DoseRow

MAX_CHART_DOSES = 5_000
"""Most doses of a chart, the newest."""


class PumpChartData(Struct, frozen=True):
    """``doses``: those of the range that have an error, oldest first, at most MAX_CHART_DOSES."""

    doses: Sequence[DoseRow]
    entries: Sequence[ServiceEntry] = ()
    """What was done in the range to the pump or to its station's scale, oldest first; none withdrawn."""

    def list_marks(self) -> list[tuple[int, ServiceEntry]]:
        """Each entry with the index of the first dose after it; those after the last dose have none."""
        times = [dose.time for dose in self.doses]
        marks = [(bisect_left(times, entry.at), entry) for entry in self.entries]
        return [(index, entry) for index, entry in marks if index < len(times)]
