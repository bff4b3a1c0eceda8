"""One channel of the collector: what it wants to hear, who carries it there, and when it is tried again."""

import random
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from uuid import UUID
from zoneinfo import ZoneInfo

from dosing_tui.collector.context.intervals import Pace
from dosing_tui.collector.notifications.delivery_worker import Courier, Outcome
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.notifications.policy import Message, Occasion, Told, Waiting, Wish, message_id
from dosing_tui.notifiers.send import deliver

JITTER = 0.25
"""Share of a wait that chance adds or takes: many sites must not come back at once."""


class Telling:
    """For one thread."""

    def __init__(
        self, channel: NotificationSettings, settings: Settings, pace: Pace, done: "SimpleQueue[Outcome]"
    ) -> None:
        self.name = channel.name
        self.most = channel.most_in_10_minutes
        self.wish = wish_of(channel)
        self._plant = settings.plant
        self._pace = pace
        zone = ZoneInfo(settings.plant.timezone)
        self.courier = Courier(channel.name, partial(deliver, channel, zone=zone), done)
        self._failures = 0
        self._not_before = 0.0

    @property
    def ready(self) -> bool:
        return self.courier.carries is None and time.monotonic() >= self._not_before

    @property
    def failing(self) -> bool:
        return self._failures > 0

    def full(self) -> None:
        """The rate limit lets nothing through for now."""
        self._rest(self._pace.notify_full_s)

    def _rest(self, seconds: float) -> None:
        self._not_before = time.monotonic() + seconds

    def succeeded(self) -> None:
        self._failures, self._not_before = 0, 0.0

    def failed(self) -> None:
        """Each time twice as long as the time before, up to a limit."""
        self._failures += 1
        wait = min(self._pace.notify_first_s * 2.0 ** min(self._failures - 1, 30), self._pace.notify_most_s)
        self._rest(wait * random.uniform(1 - JITTER, 1 + JITTER))

    def single(self, one: Waiting) -> Message:
        follows = self._id(*one.before) if one.before is not None else None
        return self._message(one.occasion, one.occurrence, [one.told], follows)

    def summary(self, occurrence: UUID, members: list[Told]) -> Message:
        return self._message(Occasion.SUMMARY, occurrence, members, None)

    def _message(
        self, occasion: Occasion, occurrence: UUID, alarms: list[Told], follows: UUID | None
    ) -> Message:
        return Message(
            id=self._id(occasion, occurrence),
            occasion=occasion,
            site=self._plant.site,
            plant=self._plant.name,
            alarms=tuple(alarms),
            counts=Counter(one.priority for one in alarms),
            follows=follows,
        )

    def _id(self, occasion: Occasion, occurrence: UUID) -> UUID:
        return message_id(self._plant.site, self.name, occasion, occurrence)


def wish_of(channel: NotificationSettings) -> Wish:
    return Wish(
        channel.name,
        frozenset(Priority(word) for word in channel.priorities),
        frozenset(Occasion(word) for word in channel.on),
        timedelta(minutes=channel.after_minutes),
    )
