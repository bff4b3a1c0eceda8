"""A pump whose scale shows no scatter is judged by its bias: beyond the tolerance every dose is."""

from datetime import timedelta

from msgspec.structs import replace

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY, PanelQuery
from tests.support.database.reading_samples import DOSE, NOW, settings_for
from tests.support.database.stored_batches import write_readings

ERRORS = {1: (0.0,) * 12, 2: (1.0,) * 12, 3: (-0.1, 0.1) * 6, 4: (1.0, 1.0 + 1e-13) * 6}
"""Of each pump's doses, in g; the tolerance is 0.5 g."""


def test_a_constant_error_beyond_the_tolerance_is_not_capable_and_comes_first(migrated: str) -> None:
    write_readings(
        migrated,
        [
            replace(
                DOSE, time=NOW + n * timedelta(minutes=1), pump=pump, target_g=40.0, actual_g=40.0 + error,
                error_g=error, dedup=n,
            )
            for pump, errors in ERRORS.items() for n, error in enumerate(errors)
        ],
    )  # fmt: skip
    reader = PanelReader(settings_for(migrated))
    reader.open()
    until = NOW + timedelta(hours=1)
    rows = reader.read_panel(PUMP_CAPABILITY, PanelQuery(NOW, until, until))
    reader.close()
    assert sorted((row.pump, row.cpk) for row in rows[:2]) == [(2, -99.0), (4, -99.0)]
    assert [(row.pump, row.cpk is None) for row in rows[2:]] == [(3, False), (1, True)]
