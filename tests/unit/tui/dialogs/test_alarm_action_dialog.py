"""What the question before an alarm action says of the alarms it is about."""

import pytest

from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.tui.dialogs.alarm_action_dialog import AlarmActionDialog
from dosing_tui.tui.rendering.theme import TerminalTheme
from tests.support.tui.alarm_samples import make_state, make_view


@pytest.mark.parametrize("recipe", ["BIG", "FG-85/95", "Polyurethan-Hartschaum 85/95"])
def test_each_alarm_says_what_differs_in_whole_words(recipe: str) -> None:
    message = f"Batch {recipe}: 40 doses, 4 expected · from 4 pumps (dosing_system_hall_04)"
    view = make_view(make_state("BATCH_INGREDIENT", recipe, number=1, message=message))
    dialog = AlarmActionDialog(TerminalTheme(), AlarmEvent.ACKNOWLEDGE, [view], name="Anna")
    text = "\n".join("".join(cell for cell, _ in row) for row in dialog.render_rows(80, 24))
    assert "4 expected" in text
    assert "expe…" not in text
