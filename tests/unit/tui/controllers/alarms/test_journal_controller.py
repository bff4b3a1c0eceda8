"""The tabs of the alarm screen that show the database: journal and key figures."""

from dataclasses import replace
from datetime import timedelta

from msgspec import structs

from dosing_tui.domain.alarms.models import AlarmEvent, JournalEntry
from dosing_tui.tui.controllers.alarms.alarm_kpi_controller import AlarmKpiController, KpisLoaded
from dosing_tui.tui.controllers.alarms.journal_controller import (
    JournalController,
    JournalExported,
    JournalPageLoaded,
)
from dosing_tui.tui.controllers.file_export import NOTHING_TO_EXPORT, FileExporter
from dosing_tui.tui.controllers.scope_controller import ScopeController
from dosing_tui.tui.requests.operator_entries import Entry
from tests.support.domain.alarm_entries import make_entry
from tests.support.tui import sample_plant
from tests.support.tui.fake_host import ControllerBench


def journal_controller(bench: ControllerBench) -> JournalController:
    scopes = ScopeController(bench.services, bench.host, bench.host.refresh_data)
    return JournalController(bench.services, bench.host, scopes, FileExporter(bench.services))


class OpenTab:
    """Stands for the alarm screen while one of its tabs is open."""

    is_kpi_tab = True
    is_journal_tab = True

    def __init__(self) -> None:
        self.shown: list[object] = []

    def show_kpis(self, news: object) -> None:
        self.shown.append(news)

    def show_journal(self, journal: object, heading: object) -> None:
        self.shown.append(journal)


def test_kpis_of_an_empty_journal_say_so(bench: ControllerBench) -> None:
    kpis, tab = AlarmKpiController(bench.services), OpenTab()
    kpis.screen = tab  # type: ignore[assignment]
    kpis.load_kpis()
    kpis.show_kpis(bench.workers.take(KpisLoaded))
    (shown,) = tab.shown
    assert getattr(shown, "error", "") == "The alarm journal is empty: no KPIs."


def entries(count: int) -> list[JournalEntry]:
    at = sample_plant.NOW - timedelta(minutes=1)
    return [
        structs.replace(make_entry(AlarmEvent.RAISE, number), id=number, at=at) for number in range(count)
    ]


def test_only_the_last_request_of_the_journal_counts(bench: ControllerBench) -> None:
    bench.source.entries = entries(3)
    journal = journal_controller(bench)
    journal.screen = OpenTab()  # type: ignore[assignment]
    journal.refresh_journal(None, bench.clock())
    page = bench.workers.take(JournalPageLoaded)
    journal.store_page(replace(page, number=0))
    assert not journal.journal_list.has_more
    assert journal.journal_list.selected_entry is None
    journal.store_page(page)
    assert [row.id for row in journal.journal_list.rows] == [2, 1, 0]


def test_an_export_that_fails_says_why(bench: ControllerBench) -> None:
    journal = journal_controller(bench)
    journal.export_journal()
    failed = JournalExported(None, "No database server listens.", Entry("journal file"))
    assert bench.entries.settle(failed)
    assert bench.host.messages == [NOTHING_TO_EXPORT]
    assert [one.sentence for one in bench.entries.failures] == ["Export failed: No database server listens."]
