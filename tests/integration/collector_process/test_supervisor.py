"""The collector as a process behind the console's: what becomes of readings, what the screen is told."""

import json
import logging
import os
import threading
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM

import pytest
from msgspec import structs
from msgspec.structs import replace
from paho.mqtt.publish import single

from dosing_tui.collector_process.supervisor import NO_ANSWER, SupervisorTimeouts
from dosing_tui.config.settings import CollectorSettings, DatabaseSettings, MqttSettings, Settings
from dosing_tui.ipc.supervised_thread import RetryDelay
from dosing_tui.live_snapshot import LinkStatus, MessageCounts
from tests.support.collector.numbered_messages import publish_numbered, stored_numbers
from tests.support.collector.running_collector import number_messages
from tests.support.collector_process.supervised_collector import QUICK, supervise_collector
from tests.support.os_processes import is_alive
from tests.support.polling import wait_until
from tests.support.tui.sample_plant import HOSTILE

SECRET = "correct horse"
REFUSED = "connection refused"


@pytest.fixture
def nowhere(tmp_path: Path) -> Settings:
    """Neither broker nor database, which is soon found out."""
    return Settings(
        mqtt=MqttSettings(host="127.0.0.1", port=1, username="plant", password=SECRET),
        database=DatabaseSettings(dsn="host=127.0.0.1 port=1", password=SECRET),
        collector=CollectorSettings(spool_dir=str(tmp_path)),
    )


def test_readings_reach_database_and_picture_through_the_other_process(settings: Settings) -> None:
    with supervise_collector(settings) as plant:
        wait_until(lambda: plant.ready)
        assert plant.picture.process_number != os.getpid()
        publish_numbered(settings.mqtt, number_messages(0, 100))
        wait_until(lambda: plant.picture.message_counts == MessageCounts(received=100, stored=100))
        wait_until(lambda: len(plant.picture.doses) == 50)
        assert sorted(stored_numbers(settings.database.dsn)) == list(range(100))


def test_what_the_database_knows_is_on_the_picture_before_any_message(settings: Settings) -> None:
    with supervise_collector(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 40))
        wait_until(lambda: plant.picture.message_counts.stored == 40)
    with supervise_collector(settings) as plant:
        wait_until(lambda: len(plant.picture.doses) == 20)


def test_a_collector_killed_amid_messages_is_missed_started_again_and_has_lost_nothing(
    settings: Settings,
) -> None:
    count = 3_000
    with supervise_collector(settings) as plant:
        wait_until(lambda: plant.ready)
        speaking = threading.Thread(
            target=publish_numbered, args=(settings.mqtt, number_messages(0, count)), kwargs={"per_s": count}
        )
        speaking.start()
        wait_until(lambda: plant.picture.message_counts.stored > count // 4)
        killed = plant.send_signal(SIGKILL)
        wait_until(lambda: "was ended by signal SIGKILL. It is started again." in plant.picture.broker.reason)
        assert plant.picture.broker.status is plant.picture.database.status is LinkStatus.DOWN
        assert plant.picture.doses
        speaking.join()
        wait_until(lambda: plant.ready)
        assert plant.picture.process_number != killed
        wait_until(lambda: len(stored_numbers(settings.database.dsn)) == count)
        wait_until(lambda: not plant.picture.message_counts.spooled)
        assert plant.picture.message_counts.is_reconciled
    assert set(stored_numbers(settings.database.dsn).values()) == {1}


def test_what_was_shown_is_shown_by_the_next_collector_without_any_database(settings: Settings) -> None:
    with supervise_collector(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 20))
        wait_until(lambda: len(plant.picture.doses) == 10)
        plant.keeper._settings = replace(
            settings, database=replace(settings.database, dsn="host=127.0.0.1 port=1")
        )
        killed = plant.send_signal(SIGKILL)
        wait_until(lambda: plant.picture.process_number != killed)
        wait_until(lambda: "No database server" in plant.picture.database.reason)
        assert len(plant.picture.doses) == 10
        assert len(plant.picture.levels) == 3


def test_when_it_has_stopped_the_process_is_gone_and_its_books_are_closed(settings: Settings) -> None:
    with supervise_collector(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 500))
        wait_until(lambda: plant.picture.message_counts.received == 500)
        process = plant.picture.process_number
        plant.keeper.stop()
        assert not is_alive(process)
    assert len(stored_numbers(settings.database.dsn)) == 500


def test_a_silent_collector_is_doubted_until_it_answers_again(nowhere: Settings) -> None:
    with supervise_collector(nowhere) as plant:
        wait_until(lambda: REFUSED in plant.picture.broker.reason)
        process = plant.send_signal(SIGSTOP)
        wait_until(lambda: plant.picture.broker.reason == NO_ANSWER)
        assert plant.picture.database.status is LinkStatus.DOWN
        os.kill(process, SIGCONT)
        wait_until(lambda: REFUSED in plant.picture.broker.reason)
        assert plant.picture.process_number == process


def test_a_hung_collector_is_replaced(nowhere: Settings) -> None:
    with supervise_collector(nowhere, patience=structs.replace(QUICK, hang_s=4.0)) as plant:
        wait_until(lambda: REFUSED in plant.picture.broker.reason)
        hung = plant.send_signal(SIGSTOP)
        wait_until(lambda: plant.picture.process_number != hung)
        wait_until(lambda: REFUSED in plant.picture.broker.reason)
        assert not is_alive(hung)


def test_a_process_that_starts_slowly_is_not_hung(nowhere: Settings) -> None:
    start = "runpy.run_module('dosing_tui.collector_process', run_name='__main__')"
    slow = ("-c", f"import runpy, time; time.sleep(6); {start}")
    with supervise_collector(nowhere, patience=structs.replace(QUICK, hang_s=4.0), program=slow) as plant:
        wait_until(lambda: REFUSED in plant.picture.broker.reason)


def test_a_process_that_never_says_anything_is_replaced(nowhere: Settings) -> None:
    mute = ("-c", "import time; time.sleep(600)")
    impatient = structs.replace(QUICK, start_s=1.0, stop_timeout_s=0.5)
    with supervise_collector(nowhere, patience=impatient, program=mute) as plant:
        wait_until(lambda: "It is started again." in plant.picture.broker.reason)


def test_one_that_somebody_ended_is_started_again(nowhere: Settings) -> None:
    with supervise_collector(nowhere) as plant:
        wait_until(lambda: REFUSED in plant.picture.broker.reason)
        ended = plant.send_signal(SIGTERM)
        wait_until(lambda: "ended with status 0. It is started again." in plant.picture.broker.reason)
        wait_until(lambda: REFUSED in plant.picture.broker.reason)
        assert not is_alive(ended)


def test_neither_its_command_line_nor_its_environment_holds_a_password(nowhere: Settings) -> None:
    with supervise_collector(nowhere) as plant:
        wait_until(lambda: REFUSED in plant.picture.broker.reason)
        process = Path(f"/proc/{plant.picture.process_number}")
        assert SECRET.encode() not in (process / "cmdline").read_bytes()
        assert SECRET.encode() not in (process / "environ").read_bytes()


def test_the_terminals_signals_do_not_reach_it(nowhere: Settings) -> None:
    with supervise_collector(nowhere) as plant:
        wait_until(lambda: REFUSED in plant.picture.broker.reason)
        assert os.getsid(plant.picture.process_number) == plant.picture.process_number


def test_hostile_text_passes_unharmed(settings: Settings) -> None:
    with supervise_collector(settings) as plant:
        wait_until(lambda: plant.ready)
        said = {
            "device_id": HOSTILE, "pump": 1, "chemical": HOSTILE, "target_g": 1, "actual_g": 1, "error_g": 0,
            "recipe": HOSTILE, "mode": HOSTILE, "duration_ms": 5,
        }  # fmt: skip
        single(
            settings.mqtt.topics[0], json.dumps(said), qos=1,
            hostname=settings.mqtt.host, port=settings.mqtt.port,
        )  # fmt: skip
        (dose,) = wait_until(lambda: plant.picture.doses)
        assert "[/] [bold" in dose.chemical
        for text in (dose.device_id, dose.chemical, dose.recipe, dose.mode):
            assert not set("\x1b\x07\x00\u202e") & set(text)
        wait_until(lambda: plant.picture.message_counts.stored == 1)


def test_one_that_never_begins_is_tried_again_and_what_it_wrote_is_logged(
    nowhere: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = ("-c", "import sys; print('on stdout'); print('on stderr', file=sys.stderr); sys.exit(3)")
    quick = SupervisorTimeouts(restart=RetryDelay(0.01, 30, 0))
    with caplog.at_level(logging.INFO), supervise_collector(nowhere, patience=quick, program=broken) as plant:
        wait_until(lambda: caplog.text.count("ended with status 3. It is started again in") >= 3)
        assert (
            plant.picture.broker.reason == "The collector process ended with status 3. It is started again."
        )
    assert "the collector process wrote: on stdout" in caplog.text
    assert "the collector process wrote: on stderr" in caplog.text
    assert "in 0.01 s" in caplog.text
    assert "in 0.04 s" in caplog.text
    assert capfd.readouterr() == ("", "")


def test_one_that_cannot_be_started_at_all_is_said_to_be_so(
    nowhere: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with supervise_collector(nowhere) as plant:
        wait_until(lambda: plant.picture.broker.status is LinkStatus.DOWN)
        assert plant.picture.broker.reason == (
            "The collector process cannot be started: No such file or directory. It is started again."
        )
