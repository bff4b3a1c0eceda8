import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from tests.support.collector.numbered_messages import (
    publish_numbered,
    run_collector,
    start_collector,
    stored_numbers,
)
from tests.support.collector.running_collector import number_messages
from tests.support.polling import wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_the_books(settings: Settings, tmp_path: Path, number: int) -> None:
    with run_collector(settings, tmp_path) as collector:
        wait_until(lambda: "The broker is connected." in collector.log)
        publish_numbered(settings.mqtt, number_messages(0, 10))
        wait_until(lambda: stored_numbers(settings.database.dsn).total() == 10)
        collector.process.send_signal(number)
        assert collector.wait_for_exit() == 0
        assert collector.log_lines[-1] == (
            "Message counts: received 10 = stored 10 + duplicates 0 + spooled 0 + rejected 0."
        )
        assert "Traceback" not in collector.log


def test_it_outlives_whoever_read_its_log(settings: Settings, tmp_path: Path) -> None:
    with run_collector(settings, tmp_path) as first:  # from now on the broker keeps what is for it
        wait_until(lambda: "The broker is connected." in first.log)
    reader, writer = os.pipe()
    collector = start_collector(settings, tmp_path, stderr=writer)
    os.close(writer)
    os.close(reader)
    publish_numbered(settings.mqtt, number_messages(0, 10))
    wait_until(lambda: stored_numbers(settings.database.dsn).total() == 10)
    collector.send_signal(signal.SIGTERM)
    assert collector.wait(60) == 0


def test_settings_that_can_never_work_end_it_with_one_sentence(settings: Settings, tmp_path: Path) -> None:
    wrong = replace(settings, mqtt=replace(settings.mqtt, host="a..b"))
    with run_collector(wrong, tmp_path) as collector:
        assert collector.wait_for_exit() == 2
        assert collector.log_lines == [
            "dosing-tui: mqtt: host 'a..b' is not the name or address of a machine."
        ]


def test_nothing_of_the_collector_needs_a_screen() -> None:
    program = (
        "import sys, dosing_tui.collector.service_main;"
        "sys.exit(any(name in sys.modules for name in ('textual', 'rich')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
