"""The tank of a material entry: told apart from all others, and never another one than was chosen."""

from collections.abc import Sequence
from datetime import UTC

from msgspec.structs import replace

from dosing_tui.domain.messages.models import InventoryLevel, TimeQuality
from dosing_tui.tui.dialogs.material_dialog import MaterialDefaults, MaterialDialog
from dosing_tui.tui.rendering.theme import TerminalTheme
from tests.support.tui.sample_plant import NOW

TANKS = [
    InventoryLevel(
        NOW, f"dosing_system_of_hall_{hall}", f"Polyoxypropylene-polyoxyethylene-triol {end}",
        500.0, 1_000.0, 50.0, 0, NOW, TimeQuality.DEVICE,
    )
    for hall in ("north_01", "north_02")
    for end in ("A-1", "A-2")
]  # fmt: skip


def open_form(tanks: Sequence[InventoryLevel], tank_index: int = 0) -> MaterialDialog:
    defaults = MaterialDefaults(tank_index=tank_index, at=NOW, name="Zoe")
    return MaterialDialog(TerminalTheme(), tanks, defaults, zone=UTC, find_density=lambda _: None)


def test_tanks_with_long_names_look_different() -> None:
    assert len(set(open_form(TANKS)._tank.options)) == len(TANKS)


def test_a_form_that_is_opened_again_has_the_same_tank_whatever_others_there_are_now() -> None:
    values = open_form(TANKS, 3).get_values()
    form = open_form([*TANKS[2:], replace(TANKS[0], chemical="Polyol")])
    form.restore_values(values, "Not stored.")
    assert form._selected_tank == TANKS[3]


def test_a_tank_that_is_gone_is_not_replaced_by_another() -> None:
    form = open_form(TANKS[:2])
    form.restore_values(open_form(TANKS, 3).get_values(), "Not stored.")
    assert form._tank.error == "What was chosen is gone: choose the tank."
    assert form._tank.take_input("right", None)
    assert form._tank.error == ""
