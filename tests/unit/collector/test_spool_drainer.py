"""The spool and the outbox of this machine are free again as soon as no thread uses them."""

from pathlib import Path
from threading import Event

import pytest

from dosing_tui.collector.alarms import outbox_sender
from dosing_tui.collector.leader import SpoolDrainer
from dosing_tui.collector.pipeline import database_writer
from dosing_tui.errors import SpoolError
from tests.support.collector.protocol_fakes import FakeServer, make_context
from tests.support.polling import wait_until


class StuckServer(FakeServer):
    """Answers nothing until ``released`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.released = Event(), Event()

    def count_request(self) -> None:
        self.asked.set()
        assert self.released.wait(60)
        super().count_request()


def may_send(*_: object) -> bool:
    return True


def can_open(folder: Path, server: FakeServer) -> bool:
    try:
        opened = SpoolDrainer(make_context(folder, server), lambda *_: may_send)
    except SpoolError:
        return False
    opened.stop()
    return True


def test_a_spool_is_free_when_a_writer_ends_that_has_outlived_its_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (database_writer, outbox_sender):
        monkeypatch.setattr(module, "STOP_TIMEOUT_S", 0.05)
    server = StuckServer()
    drainer = SpoolDrainer(make_context(tmp_path, server), lambda *_: may_send)
    drainer.start()
    assert server.asked.wait(60)
    drainer.stop()
    assert not can_open(tmp_path, server)
    server.released.set()
    wait_until(lambda: can_open(tmp_path, server))


def test_a_spool_whose_writer_never_started_is_free_at_once(tmp_path: Path) -> None:
    server = FakeServer()
    SpoolDrainer(make_context(tmp_path, server), lambda *_: may_send).stop()
    assert can_open(tmp_path, server)
