"""Colour on a tank is that of its alarm; without an alarm there are shape and word (ANSI/ISA-101.01)."""

import pytest
from msgspec.structs import replace

from dosing_tui.domain.messages.tank_level import LevelBand
from dosing_tui.tui.rendering.palette import ALARM_ROLES, ColourRole
from dosing_tui.tui.tiles.shared.tank_mark import choose_tank_mark, index_alarms
from tests.support.tui.alarm_samples import STATION, make_state, picture_of
from tests.support.tui.sample_plant import make_levels

(LEVEL,) = (replace(level, device_id=STATION) for level in make_levels(percent={"T-12": 15.0}))
LOW = make_state("STOCK_LOW", "T-12")


@pytest.mark.parametrize("band", LevelBand)
def test_no_level_is_in_the_colour_of_an_alarm_that_is_not_raised(band: LevelBand) -> None:
    others = picture_of(make_state("STOCK_LOW", "A-1"), replace(LOW, active=False), make_state("DOSE_GROSS"))
    for alarms in (None, picture_of(), others):
        mark = choose_tank_mark(LEVEL, band, index_alarms(alarms))
        assert not {mark.style.fg, mark.bar} & ALARM_ROLES
        assert mark.word or band is LevelBand.NORMAL


def test_a_tank_has_the_colour_of_its_worst_alarm() -> None:
    low = choose_tank_mark(LEVEL, LevelBand.LOW, index_alarms(picture_of(LOW)))
    assert (low.shape, low.word, low.bar) == ("▲", "low", ColourRole.ALARM_MEDIUM)
    critical = choose_tank_mark(
        LEVEL, LevelBand.LOW, index_alarms(picture_of(LOW, make_state("STOCK_CRITICAL", "T-12")))
    )
    assert (critical.shape, critical.word, critical.bar) == ("■", "critical", ColourRole.ALARM_HIGH)


def test_every_band_has_a_shape_of_its_own() -> None:
    assert len({choose_tank_mark(LEVEL, band, {}).shape for band in LevelBand}) == len(LevelBand)
