"""Three days of the demo: exactly the pump that the simulator lets drift is red, as its payloads say."""

from collections import defaultdict
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import LimitSettings
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo import seed_history
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY, PanelQuery
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.simulator.plant import PlantMessage
from tests.integration.demo.test_seed_history import (
    SINCE,
    UNTIL,
    generate_history,
    make_settings,
)
from tests.support.database_servers import Server
from tests.support.simulator.simulated_plants import DOSES, decode_fields

DRIFTING = "dosing_system_01", 2
"""Its tube wears in the simulator."""
CPK_LOW = 0.5
LEAST_DOSES = 10
"""Targets by weight are seldom the same twice."""


class PumpFigures(NamedTuple):
    doses: int
    mean_g: float
    cpk: float


def compute_figures(
    messages: list[PlantMessage], tolerance_per_target: dict[float, float]
) -> dict[tuple[str, int, float], PumpFigures]:
    """Of the payloads as the stations sent them, without any code of the program."""
    errors: dict[tuple[str, int, float], list[float]] = defaultdict(list)
    for message in messages:
        if message.topic == DOSES:
            dose = decode_fields(message)
            errors[dose["device_id"], dose["pump"], dose["target_g"]].append(
                dose["actual_g"] - dose["target_g"]
            )
    figures = {}
    for key, series in errors.items():
        if len(series) < LEAST_DOSES:
            continue
        sigma = fmean(abs(after - before) for before, after in pairwise(series)) / 1.128
        mean = fmean(series)
        cpk = (tolerance_per_target[key[2]] - abs(mean)) / (3 * sigma)
        figures[key] = PumpFigures(len(series), mean, cpk)
    return figures


@pytest.mark.parametrize(
    ("class_", "tolerances"),
    [("", {40.0: 0.5, 10.0: 0.5, 5.0: 0.5}), ("X(0.2)", {40.0: 0.72, 10.0: 0.18, 5.0: 0.09})],
)
def test_exactly_the_worn_pump_stands_out(
    postgres: Server, class_: str, tolerances: dict[float, float]
) -> None:
    messages = generate_history(devices=2)
    expected = compute_figures(messages, tolerances)
    with postgres.create_database() as dsn:
        settings = replace(make_settings(dsn), limits=LimitSettings(class_=class_))
        migrate_schema(settings, report=print)
        seed_history.store_messages(settings, iter(messages))
        reader = PanelReader(settings)
        reader.open()
        try:
            rows: list[PumpCapability] = reader.read_panel(PUMP_CAPABILITY, PanelQuery(SINCE, UNTIL, UNTIL))
        finally:
            reader.close()
    found = {(row.device_id, row.pump, row.target_g): row for row in rows}
    assert found.keys() == expected.keys()
    for key, figures in expected.items():
        row = found[key]
        assert (row.doses, row.mean_error_g, row.cpk) == pytest.approx(figures)
        assert bool(row.cause) == (abs(figures.mean_g) > tolerances[key[2]] / 4)
    biased = {key for key, row in found.items() if row.cause}
    assert {row.cause for row in found.values()} == {"", "tube"}
    if class_:
        assert biased == {(*DRIFTING, 40.0), (*DRIFTING, 5.0)}
    else:
        assert biased == {(*DRIFTING, 40.0)}
        assert {key for key, row in found.items() if row.cpk is not None and row.cpk < CPK_LOW} == biased
