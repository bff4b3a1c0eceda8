"""``[[notifications]]``, a section that comes several times: whom the collector tells of alarms."""

import difflib
import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import get_type_hints
from urllib.parse import urlsplit

from dosing_tui.config import secrets, type_coercion
from dosing_tui.config.notification_channel import MailSecurity, NotificationKind, NotificationSettings
from dosing_tui.errors import ConfigError

SECTION = "notifications"
SECRETS = ("url", "password")
MOST = 50
PRIORITIES = ("high", "medium", "low")
OCCASIONS = ("raise", "return", "unacknowledged")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[A-Za-z0-9.-]+")
_BY_URL = (NotificationKind.WEBHOOK, NotificationKind.SLACK, NotificationKind.TEAMS)
_PREFIX = "DOSING_NOTIFICATIONS_"


def read(tables: object, env: Mapping[str, str]) -> tuple[NotificationSettings, ...]:
    """Raises: ConfigError, naming the section by its number, the setting and the value."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{SECTION} is a section for each channel; write [[{SECTION}]].")
    found = tuple(_one(f"{SECTION}[{number}]", table, env) for number, table in enumerate(tables, start=1))
    _refuse_unknown_variables(found, env)
    return found


def _one(place: str, table: Mapping[str, object], env: Mapping[str, str]) -> NotificationSettings:
    hints = get_type_hints(NotificationSettings)
    for key in table:
        if key in SECRETS:
            raise ConfigError(f"{place}.{key} does not belong in the file; use {place}.{key}_file.")
        if key not in hints:
            near = difflib.get_close_matches(key, [name for name in hints if name not in SECRETS], n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigError(f"{place}.{key} is not a setting.{hint}")
    given = {
        key: type_coercion.from_toml(f"{place}.{key}", hints[key], value) for key, value in table.items()
    }
    one = NotificationSettings(**given)  # type: ignore[arg-type]  # from_toml has seen to each one's type
    if not _NAME.fullmatch(one.name):
        raise ConfigError(
            f"{place}.name: {one.name!r} is not a name of small letters, digits, - and _ (30 at most)."
        )
    url, _ = _secret(place, one.name, "url", one.url_file, env)
    password, _ = _secret(place, one.name, "password", one.password_file, env)
    return replace(one, url=url, password=password)


def _secret(place: str, name: str, what: str, file: str, env: Mapping[str, str]) -> tuple[str, str]:
    return secrets.secret(
        f"{place}.{what}_file",
        variable=variable(name, what),
        credential=f"notification-{name}-{what}",
        file=file,
        env=env,
    )


def variable(name: str, what: str) -> str:
    """
    >>> variable("control-room", "url")
    'DOSING_NOTIFICATIONS_CONTROL_ROOM_URL'
    """
    return f"{_PREFIX}{name}_{what}".replace("-", "_").upper()


def _refuse_unknown_variables(found: Sequence[NotificationSettings], env: Mapping[str, str]) -> None:
    known = {variable(one.name, what) for one in found for what in SECRETS}
    for name in env:
        if name.startswith(_PREFIX) and name not in known:
            raise ConfigError(f"environment variable {name} belongs to no channel of {SECTION}.")


def faults(channels: Sequence[NotificationSettings]) -> Iterator[str]:
    """What cannot work, in sentences."""
    if len(channels) > MOST:
        yield f"{SECTION}: {len(channels)} of them are more than {MOST}."
    names: set[str] = set()
    for one in channels:
        place = f"{SECTION} {one.name!r}"
        if one.name.replace("-", "_") in names:
            yield f"{place}: there is another channel of this name."
        names.add(one.name.replace("-", "_"))
        yield from (f"{place}: {sentence}" for sentence in (*_rule_faults(one), *_kind_faults(one)))


def _rule_faults(one: NotificationSettings) -> Iterator[str]:
    for setting, given, known in (
        ("priorities", one.priorities, PRIORITIES),
        ("on", one.on, OCCASIONS),
    ):
        if not given:
            yield f"{setting} is empty; nobody would be told of anything."
        for word in given:
            if word not in known:
                yield f"{setting} {word!r} is not one of {', '.join(known)}."
    for name, value, low, high in (
        ("after_minutes", one.after_minutes, 0.1, 1_440.0),
        ("most_in_10_minutes", one.most_in_10_minutes, 1, 600),
        ("timeout_s", one.timeout_s, 1.0, 60.0),
    ):
        if not low <= value <= high:
            yield f"{name} {value:g} is outside {low:g} to {high:g}."


def _kind_faults(one: NotificationSettings) -> Iterator[str]:
    if one.kind in _BY_URL:
        yield from _url_faults(one)
    elif one.kind is NotificationKind.MAIL:
        yield from _mail_faults(one)
    elif not one.command or not one.command[0] or any("\0" in word for word in one.command):
        yield 'command is empty; name a program and its arguments, e.g. ["/usr/local/bin/page", "--urgent"].'


def _url_faults(one: NotificationSettings) -> Iterator[str]:
    """The URL is a secret: no sentence quotes more of it than its host."""
    if not one.url:
        yield f"no URL is known; set url_file or {variable(one.name, 'url')}."
        return
    try:
        parts = urlsplit(one.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        yield "the URL is not one."
        return
    if parts.scheme not in ("https", "http") or not host or not one.url.isascii() or " " in one.url:
        yield "the URL does not begin with https:// and a host, or holds what a URL cannot."
    elif parts.username is not None:
        yield "the URL holds a user name; put what is secret into its path or its query."
    elif parts.scheme == "http" and not one.unencrypted and not is_this_machine(host):
        yield f"http:// to {host} is not encrypted; use https://, or set unencrypted = true."


def _mail_faults(one: NotificationSettings) -> Iterator[str]:
    if not one.host:
        yield "host is empty; name the mail server."
    if not 0 <= one.port <= 65_535:
        yield f"port {one.port} is outside 0 to 65535."
    if not one.to:
        yield 'to is empty; name whom mail goes to, e.g. ["shift@plant.example"].'
    for setting, address in (("sender", one.sender), *(("to", each) for each in one.to)):
        if not _ADDRESS.fullmatch(address) or not address.isascii():
            yield f'{setting} {address!r} is not an address, e.g. "shift@plant.example".'
    if one.security is MailSecurity.PLAIN and not one.unencrypted and not is_this_machine(one.host):
        yield f"security 'plain' to {one.host} is not encrypted; use starttls, or set unencrypted = true."
    if one.username and not one.password:
        known_as = variable(one.name, "password")
        yield f"username is set, but no password is known; set password_file or {known_as}."


def is_this_machine(host: str) -> bool:
    """
    >>> is_this_machine("127.0.0.1"), is_this_machine("::1"), is_this_machine("mail.plant")
    (True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
