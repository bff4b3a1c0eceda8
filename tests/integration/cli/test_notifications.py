"""A channel can be tried from the command line, and everybody may see how the channels are doing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dosing_tui.cli.main import main
from tests.support.notifiers.message_receivers import WebServer, web_server


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    with web_server() as server:
        monkeypatch.setenv("DOSING_NOTIFICATIONS_SHIFT_URL", server.url)
        yield server


def run_notifications(folder: Path, *words: str, dsn: str = "") -> Result:
    path = folder / "dosing-tui.toml"
    path.write_text(f'[database]\ndsn = "{dsn}"\n[[notifications]]\nname = "shift"\nkind = "teams"\n')
    return CliRunner().invoke(main, ["--config", str(path), "alarms", *words])


def test_a_test_arrives_and_says_that_it_is_one(web: WebServer, tmp_path: Path) -> None:
    result = run_notifications(tmp_path, "test-notification", "shift", dsn="dbname=x")
    assert (result.exit_code, result.output) == (0, "Channel shift (teams) accepted the message.\n")
    posted = json.loads(web.posted[0].body)
    assert "[LOW] plant · TEST · Test: This is a test; nothing is wrong. (Plant 1)" in repr(posted)


def test_one_that_fails_says_why_and_one_that_is_not_there_which_there_are(
    web: WebServer, tmp_path: Path
) -> None:
    web.answers = [500]
    result = run_notifications(tmp_path, "test-notification", "shift", dsn="dbname=x")
    assert (result.exit_code, result.output) == (2, "dosing-tui: The server answers 500.\n")
    result = run_notifications(tmp_path, "test-notification", "shft", dsn="dbname=x")
    assert "there is no channel 'shft'; configured: shift." in result.output


def test_a_channel_that_no_collector_has_used_says_so(web: WebServer, migrated: str, tmp_path: Path) -> None:
    result = run_notifications(tmp_path, "notifications", dsn=migrated)
    assert (result.exit_code, result.output) == (0, "shift: not used by a collector yet\n")
