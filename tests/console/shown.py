"""The console on a made-up plant: ``python -m tests.console.shown [doses a second]``."""

import os
import random
import sys
import threading
import time
from datetime import UTC, datetime

from dosing_tui.config.settings import PlantSettings, Settings
from dosing_tui.live import Live
from dosing_tui.plant.readings import Kind
from tests.console.plant_data import RECIPES, FakeSource, History, dose, history, levels, live_plant


def now() -> datetime:
    return datetime.now(UTC)


def dosing(live: Live, source: FakeSource, per_second: float) -> None:
    """Doses as they come from a plant, stored at once."""
    dice = random.Random(3)
    number = 0
    while True:
        time.sleep(1 / per_second)
        number += 1
        recipe = dice.choice(list(RECIPES))
        chemical, target = dice.choice(RECIPES[recipe])
        error = round(dice.gauss(0.03, 0.22), 2)
        made = dose("dosing_system_01", chemical, target, error, recipe, now(), 58_000 + number)
        source.story = History((*source.story.doses, made), source.story.events)
        live.arrived(1, made.received_at)
        live.apply([made])
        live.committed([Kind.DOSE])


def main(per_second: float) -> None:
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from dosing_tui.console.app import ConsoleApp

    story = history(at=now())
    source = FakeSource(story)
    live = live_plant(story, levels(at=now()), at=now())
    if per_second:
        threading.Thread(target=dosing, args=(live, source, per_second), daemon=True).start()
    ConsoleApp(Settings(plant=PlantSettings(name="Plant 1")), live, source, now).run()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0)
