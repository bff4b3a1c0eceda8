"""What the operator does about alarms: looks at them, silences the bell, has them journaled."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from dosing_tui.domain.alarms.models import AlarmKey, Entry, Event, Who
from dosing_tui.domain.alarms.operator_commands import Asking
from dosing_tui.domain.alarms.snapshot import AlarmPicture, AlarmView
from dosing_tui.domain.panels.alarm_trend_query import TrendQuery
from dosing_tui.errors import DatabaseError
from dosing_tui.live_state import Picture
from dosing_tui.tui.alarms import alarm_actions, alarm_list, audible_alarm
from dosing_tui.tui.alarms.alarm_actions import Judged, Wish, Work
from dosing_tui.tui.alarms.alarm_detail_screen import AlarmDetail
from dosing_tui.tui.alarms.alarm_screen import AlarmPage
from dosing_tui.tui.alarms.alarm_trend import TrendNews
from dosing_tui.tui.alarms.audible_alarm import Horn
from dosing_tui.tui.controllers.alarm_kpi_controller import HealthReading
from dosing_tui.tui.controllers.scope_controller import Front
from dosing_tui.tui.data.query_workers import Askers
from dosing_tui.tui.dialogs.alarm_action_dialog import AlarmDialog, Given, Question
from dosing_tui.tui.dialogs.skipped_alarms_dialog import LeftDialog
from dosing_tui.tui.keys.footer_hints import Mode
from dosing_tui.tui.layout.alarm_banner import banner
from dosing_tui.tui.layout.status_and_footer import KeyHint
from dosing_tui.tui.layout.system_notices import Notice, all_clear
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.widgets.messages import Moved

KEPT = "Kept on this machine until the database is back."
log = logging.getLogger(__name__)

OF_THE_PLANT = frozenset({"ask_range", "move_range", "live_again", "ask_filters", "freeze", "refresh_now"})
"""What would change something that the alarm page covers."""


class Alerting(HealthReading):
    """Holds the bell."""

    _hints: Mapping[Mode, Sequence[KeyHint]]
    _silence_key: str
    _clerk: Askers
    """Takes alarms to the journal; panels that wait for a slow database do not hold it up."""
    _horn = Horn()

    @property
    def front(self) -> Front:
        return self._plant if self._page is None else self._page

    @property
    def alarms(self) -> AlarmPicture:
        """As they are now."""
        return self._live.picture(self._clock()).alarms or alarm_list.UNKNOWN

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._page is None or action not in OF_THE_PLANT

    def show_alarms(self, picture: Picture, notices: Sequence[Notice], now: datetime) -> None:
        """On whatever screen the operator looks at; rings if the bell is due."""
        silence = self._silence_key if self._sound(picture, now) else ""
        told = banner(picture.alarms, notices, quiet=all_clear(picture), silence=silence)
        self.front.show_banner(told, lambda at: number_format.stamp(at, self._zone, now=now))
        if self._page is not None:
            self._page.show_alarms(picture.alarms or alarm_list.UNKNOWN, now)
            self.follow_channels(now)
        if isinstance(self.screen, AlarmDetail):
            self.screen.look_again()

    def _sound(self, picture: Picture, now: datetime) -> bool:
        """Whether the bell rings now and then; never at a site that does not want it."""
        calls = audible_alarm.calling(picture.alarms)
        if not self._settings.console.bell:
            return False
        if audible_alarm.rings(self._horn, calls, now):
            self._horn = audible_alarm.rung(self._horn, now)
            self.bell()
        return audible_alarm.sounds(self._horn, calls)

    @abstractmethod
    def move_journal(self, step: int, height: int) -> None:
        """In the journal, so many entries further down."""

    @abstractmethod
    def end_journal(self, last: bool, height: int) -> None:
        """To the oldest entry that was read, or to the newest there is."""

    @abstractmethod
    def open_entry(self) -> None:
        """The entry of the journal under the cursor."""

    # keys

    def action_silence(self) -> None:
        self._horn = audible_alarm.silenced(audible_alarm.calling(self.alarms))
        self.front.say("The bell is silent until the next alarm; the alarms stay as they are.")
        self.post_message(Moved())

    def action_alarms(self) -> None:
        """The lists of alarms, or back from them."""
        if self._page is not None:
            self._page.dismiss(None)
            return
        self._page = AlarmPage(self._look, self._hints, self._zone, self)
        self.push_screen(self._page, self._left_page)

    def _left_page(self, view: str | None) -> None:
        self._page = None
        if view is not None:
            self._plant.action_view(view)
        self.post_message(Moved())

    def open_alarm(self, view: AlarmView) -> None:
        detail = AlarmDetail(
            self._look, view, self._hints[Mode.ALARM],
            find=self._find, clock=self._clock, zone=self._zone, ask_trend=self._ask_trend,
        )  # fmt: skip
        self.push_screen(detail, partial(self._left_detail, view))

    def _find(self, key: AlarmKey) -> AlarmView | None:
        return alarm_actions.views_of(self.alarms).get(key)

    def _ask_trend(self, asked: TrendQuery, take: Callable[[TrendNews], None]) -> None:
        self._askers.do(partial(self._find_trend, asked, take))

    def _find_trend(self, asked: TrendQuery, take: Callable[[TrendNews], None]) -> None:
        """In one of the askers' threads."""
        try:
            news = TrendNews(asked, self._source.trend(asked))
        except DatabaseError as error:
            news = TrendNews(asked, trouble=str(error))
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("reading the trend of an alarm")
            news = TrendNews(asked, trouble="The last hours cannot be read: see the log file.")
        self.call_from_thread(take, news)

    def _left_detail(self, view: AlarmView, wish: Wish | None) -> None:
        if wish is not None:
            self.wish(wish, [self._find(view.state.key) or view])

    # what is done

    def wish(self, wish: Wish, views: Sequence[AlarmView]) -> None:
        """At once where a slip does no harm, else after a question; or why it is not possible."""
        if not views:
            self.front.say("No alarm in sight is unacknowledged.")
            return
        event = alarm_actions.event_of(wish, views[0])
        why_not = alarm_actions.refusal(event, views[0], self._asking(), self._settings)
        if why_not:
            self.front.say(why_not)
        elif wish is Wish.ACKNOWLEDGE and not self._relieved:
            self._do(Work(event, tuple(views)))
        else:
            self._question(event, tuple(views))

    def _question(self, event: Event, views: tuple[AlarmView, ...]) -> None:
        lengths = alarm_actions.durations(views[0], self._settings) if event is Event.SHELVE else ()
        asked = Question(event, views, lengths, relieved=self._relieved)
        dialog = AlarmDialog(self._look, asked, name=self._author)
        self.push_screen(dialog, partial(self._take_given, event, views))

    def _take_given(self, event: Event, views: tuple[AlarmView, ...], given: Given | None) -> None:
        if given is not None:
            self._author = given.name
            self._do(Work(event, views, given.comment, given.duration))

    def _asking(self) -> Asking:
        """The account is added by who has the journal."""
        return Asking(Who(self._author), self._clock())

    def _do(self, work: Work) -> None:
        judged = alarm_actions.judged(work, self.alarms, self._asking(), self._settings)
        if judged.entries:
            self._clerk.do(partial(self._journal, judged.entries, partial(self._tell, work, judged)))
        else:
            self._tell(work, judged)

    def _journal(self, entries: Sequence[Entry], tell: Callable[[str], None]) -> None:
        """In the clerk's thread. ``tell`` is told where the entries wait, '' if they are journaled."""
        try:
            kept = "" if self._source.journal(entries) else KEPT
        except DatabaseError as error:
            self.call_from_thread(self._say, f"Nothing is done: {error}")
        except Exception:
            # the task's boundary: the thread has other alarms to take to the journal
            log.exception("journaling alarms")
            self.call_from_thread(self._say, "Nothing is done: see the log file.")
        else:
            self.call_from_thread(tell, kept)

    def _tell(self, work: Work, judged: Judged, kept: str = "") -> None:
        """What was done; what of many was not has to be read before it goes away."""
        if len(work.views) == 1 and judged.left:
            self._say(judged.left[0])
        elif judged.left:
            title = alarm_actions.done(work, judged)
            self.push_screen(LeftDialog(self._look, title, judged.left, kept=kept))
        else:
            self._say(f"{alarm_actions.done(work, judged)} {kept}".rstrip())

    def _say(self, sentence: str) -> None:
        self.front.say(sentence)
