"""``[[notifications]]``: checked when it is read, its secrets from elsewhere and never shown."""

import os
from pathlib import Path

import pytest

from dosing_tui.config.loader import load_settings
from dosing_tui.config.notification_channel import NotificationKind, NotificationSettings
from dosing_tui.config.render_toml import render_settings, render_template
from dosing_tui.errors import ConfigError

HOOK = '[[notifications]]\nname = "shift"\n'
MAIL = HOOK + 'kind = "mail"\nsender = "a@plant.example"\nto = ["b@plant.example"]\n'
URL = "https://hooks.plant.example/T00/secret"
ENV = {"DOSING_NOTIFICATIONS_SHIFT_URL": URL}


def write_config(folder: Path, text: str) -> Path:
    path = folder / "dosing-tui.toml"
    path.write_text(text)
    return path


def load_channel(folder: Path, text: str, env: dict[str, str]) -> NotificationSettings:
    (one,) = load_settings(write_config(folder, text), env).settings.notifications
    return one


def test_the_url_comes_from_a_file_a_credential_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(URL + "/file\n")
    file.chmod(0o600)
    text = HOOK + f'url_file = "{file}"\n'
    assert load_channel(tmp_path, text, {}).url == URL + "/file"
    (tmp_path / "notification-shift-url").write_text(URL + "/credential\n")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert load_channel(tmp_path, text, env).url == URL + "/credential"
    assert load_channel(tmp_path, text, env | ENV).url == URL


def test_a_secret_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret\n")
    os.chmod(file, 0o644)
    with pytest.raises(ConfigError, match=r"notifications\[1\]\.password_file: .* is open to others"):
        load_settings(write_config(tmp_path, MAIL + f'username = "u"\npassword_file = "{file}"'), {})


def test_neither_show_nor_an_error_nor_a_record_contains_a_secret(tmp_path: Path) -> None:
    loaded = load_settings(write_config(tmp_path, HOOK), ENV)
    assert "secret" not in render_settings(loaded)
    assert "# url is set" in render_settings(loaded)
    assert "secret" not in repr(loaded.settings)
    with pytest.raises(ConfigError) as refused:
        load_settings(
            write_config(tmp_path, HOOK), {"DOSING_NOTIFICATIONS_SHIFT_URL": "http://plant.example/secret"}
        )
    assert "secret" not in str(refused.value)


def test_the_documented_example_can_be_used(tmp_path: Path) -> None:
    lines = render_template().partition("# [[notifications]]")[2].splitlines()
    text = "[[notifications]]\n" + "\n".join(line.removeprefix("# ") for line in lines if " = " in line)
    one = load_channel(tmp_path, text, {"DOSING_NOTIFICATIONS_CONTROL_ROOM_URL": URL})
    assert (one.name, one.kind, one.url) == ("control-room", NotificationKind.WEBHOOK, URL)
    assert "url =" not in render_template()


@pytest.mark.parametrize(
    ("text", "env", "words"),
    [
        (HOOK, {}, "no URL; set url_file or DOSING_NOTIFICATIONS_SHIFT_URL"),
        (HOOK + 'url = "https://x"', ENV, "notifications[1].url does not belong in the file"),
        (HOOK + "afterminutes = 1", ENV, "Did you mean notifications[1].after_minutes?"),
        (HOOK + 'on = ["rise"]', ENV, "on 'rise' is not one of raise, return, unacknowledged"),
        (HOOK + "on = []", ENV, "on is empty"),
        (HOOK + 'priorities = ["diagnostic"]', ENV, "priorities 'diagnostic' is not one of"),
        (HOOK + "most_in_10_minutes = 0", ENV, "most_in_10_minutes 0 is outside 1 to 600"),
        (HOOK + "after_minutes = 1e9", ENV, "after_minutes 1e+09 is outside"),
        (HOOK + 'kind = "fax"', ENV, "'fax' is not one of webhook, slack"),
        (HOOK + HOOK, ENV, "there is another channel of this name"),
        ('[[notifications]]\nname = "The shift"', ENV, "'The shift' is not a name of small letters"),
        (HOOK + 'kind = "command"', {}, "command is empty"),
        (MAIL + 'username = "u"', {}, "there is no password"),
        (MAIL + 'security = "plain"\nhost = "mail.plant"', {}, "security 'plain' to mail.plant is not encr"),
        (MAIL.replace("b@", "b\\r\\nBcc: c@"), {}, "is not an address"),
        (MAIL.replace('["b@plant.example"]', "[]"), {}, "to is empty"),
        (HOOK, {"DOSING_NOTIFICATIONS_SHIFT_URL": "file:///etc/passwd"}, "does not begin with https://"),
        (
            HOOK,
            {"DOSING_NOTIFICATIONS_SHIFT_URL": "http://10.1.1.1/"},
            "http:// to 10.1.1.1 is not encrypted",
        ),
        (HOOK, {"DOSING_NOTIFICATIONS_SHIFT_URL": "https://u:p@h/"}, "holds a user name"),
        (HOOK, ENV | {"DOSING_NOTIFICATIONS_SHFT_URL": "x"}, "belongs to no channel"),
        ("[notifications]\nname = 'x'", {}, "write [[notifications]]"),
    ],
)
def test_what_cannot_work_is_said_with_its_name_and_value(
    tmp_path: Path, text: str, env: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(write_config(tmp_path, text), env)
    assert words in str(refused.value)
