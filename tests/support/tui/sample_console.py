"""The console on a made-up plant: ``python -m tests.support.tui.sample_console [doses a second]``."""

import random
import sys
import threading

from dosing_tui.config.settings import PlantSettings, Settings
from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.live_state import LiveState
from dosing_tui.tui.app.main import get_utc_now, run_app
from tests.support.tui.sample_plant import (
    RECIPES,
    FakeSource,
    History,
    live_plant,
    make_dose,
    make_history,
    make_levels,
)


class Dosing(FakeSource):
    """Behind the screen: doses as they come from a plant, stored at once."""

    def __init__(self, live: LiveState, story: History, per_second: float) -> None:
        super().__init__(story)
        self._live = live
        self._per_second = per_second
        self._stopping = threading.Event()

    def start_collector(self) -> None:
        pass

    def open_reader(self) -> None:
        threading.Thread(target=self._publish_doses, daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def _publish_doses(self) -> None:
        dice = random.Random(3)
        number = 58_000
        while self._per_second and not self._stopping.wait(1 / self._per_second):
            number += 1
            recipe = dice.choice(list(RECIPES))
            chemical, target = dice.choice(RECIPES[recipe])
            error = round(dice.gauss(0.03, 0.22), 2)
            made = make_dose("dosing_system_01", chemical, target, error, recipe, get_utc_now(), number)
            self.story = History((*self.story.doses, made), self.story.events)
            self._live.count_messages(["factory/dosing/consumption"], made.received_at)
            self._live.apply_readings([made])
            self._live.count_stored([ReadingKind.DOSE])


def main(per_second: float) -> int:
    story = make_history(at=get_utc_now())
    live = live_plant(story, make_levels(at=get_utc_now()), at=get_utc_now())
    settings = Settings(plant=PlantSettings(name="Plant 1"))
    return run_app(settings, live, Dosing(live, story, per_second))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
