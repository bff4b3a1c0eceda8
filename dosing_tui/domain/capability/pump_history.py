"""What the control chart of a pump at one target is drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import DoseRow

MAX_CHART_DOSES = 5_000
"""Most doses of a chart, the newest."""


@dataclass(frozen=True, slots=True)
class PumpHistory:
    """``doses``: those of the range that have an error, oldest first, at most MAX_CHART_DOSES."""

    doses: Sequence[DoseRow]
