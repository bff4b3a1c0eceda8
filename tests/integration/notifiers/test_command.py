"""A command gets JSON and no shell, ends in time with all it started, and sees none of our secrets."""

import json
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.config.notification_channel import NotificationKind, NotificationSettings
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers.send import deliver_message
from tests.support.notifiers.message_samples import NASTY, make_message, make_summary
from tests.support.polling import wait_until

UTC = ZoneInfo("UTC")


def make_channel(*command: str, timeout_s: float = 10.0) -> NotificationSettings:
    return NotificationSettings(
        name="page", kind=NotificationKind.COMMAND, command=command, timeout_s=timeout_s
    )


def python_command(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def expect_refusal(channel: NotificationSettings) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        deliver_message(channel, make_message(), UTC)
    return raised.value


def test_it_gets_the_message_on_stdin_and_its_arguments_as_they_are(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read() + sys.argv[2])"
    deliver_message(
        make_channel(*python_command(code, str(out), "; touch $HOME/x `id`")),
        make_message(make_summary(NASTY[1])),
        UTC,
    )
    text, _, argument = out.read_text().rpartition("}")
    assert argument == "; touch $HOME/x `id`"
    assert json.loads(text + "}")["alarms"][0]["rule"] == "STOCK_CRITICAL"
    assert "\x1b" not in text


def test_it_does_not_see_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOSING_DATABASE_PASSWORD", "PGPASSWORD", "CREDENTIALS_DIRECTORY"):
        monkeypatch.setenv(name, "p4ss")
    out = tmp_path / "out"
    deliver_message(
        make_channel(
            *python_command("import os, sys; open(sys.argv[1], 'w').write(str(os.environ))", str(out))
        ),
        make_message(),
        UTC,
    )
    assert "PATH" in out.read_text()
    assert "p4ss" not in out.read_text()


@pytest.mark.parametrize(("status", "lasting"), [(75, False), (1, True)])
def test_its_exit_status_says_whether_to_try_again(status: int, lasting: bool) -> None:
    error = expect_refusal(make_channel(*python_command(f"raise SystemExit({status})")))
    assert (f"ended with {status}" in str(error), error.is_permanent) == (True, lasting)


def test_one_that_is_not_there_can_be_put_there() -> None:
    error = expect_refusal(make_channel("/no/such/program"))
    assert (str(error), error.is_permanent) == (
        "The command /no/such/program cannot be started: No such file or directory.",
        False,
    )


def test_one_that_takes_too_long_ends_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import subprocess, sys; child = subprocess.Popen(['sleep', '60']);"
        "open(sys.argv[1], 'w').write(str(child.pid)); child.wait()"
    )
    error = expect_refusal(make_channel(*python_command(code, str(pid)), timeout_s=1.0))
    assert (str(error).endswith("took longer than 1 s."), error.is_permanent) == (True, False)
    wait_until(lambda: not _is_alive(int(pid.read_text())))


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
