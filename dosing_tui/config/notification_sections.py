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
SECRET_KEYS = ("url", "password")
MAX_SECTIONS = 50
PRIORITIES = ("high", "medium", "low")
TRIGGERS = ("raise", "return", "unacknowledged")
_NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
_MAIL_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[A-Za-z0-9.-]+")
_URL_KINDS = (NotificationKind.WEBHOOK, NotificationKind.SLACK, NotificationKind.TEAMS)
_VARIABLE_PREFIX = "DOSING_NOTIFICATIONS_"


def parse_sections(tables: object, env: Mapping[str, str]) -> tuple[NotificationSettings, ...]:
    """Raises: ConfigError, naming the section by its number, the setting and the value."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{SECTION} is a section for each channel; write [[{SECTION}]].")
    found = tuple(
        _parse_section(f"{SECTION}[{number}]", table, env) for number, table in enumerate(tables, start=1)
    )
    _refuse_unknown_variables(found, env)
    return found


def _parse_section(
    location: str, table: Mapping[str, object], env: Mapping[str, str]
) -> NotificationSettings:
    hints = get_type_hints(NotificationSettings)
    for key in table:
        if key in SECRET_KEYS:
            raise ConfigError(f"{location}.{key} does not belong in the file; use {location}.{key}_file.")
        if key not in hints:
            near = difflib.get_close_matches(key, [name for name in hints if name not in SECRET_KEYS], n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigError(f"{location}.{key} is not a setting.{hint}")
    given = {
        key: type_coercion.coerce_toml(f"{location}.{key}", hints[key], value) for key, value in table.items()
    }
    one = NotificationSettings(**given)  # type: ignore[arg-type]  # from_toml has seen to each one's type
    if not _NAME_PATTERN.fullmatch(one.name):
        raise ConfigError(
            f"{location}.name: {one.name!r} is not a name of small letters, digits, - and _ (30 at most)."
        )
    url, _ = _read_secret(location, one.name, "url", one.url_file, env)
    password, _ = _read_secret(location, one.name, "password", one.password_file, env)
    return replace(one, url=url, password=password)


def _read_secret(location: str, name: str, key: str, file: str, env: Mapping[str, str]) -> tuple[str, str]:
    return secrets.read_secret(
        f"{location}.{key}_file",
        variable=build_variable_name(name, key),
        credential=f"notification-{name}-{key}",
        file=file,
        env=env,
    )


def build_variable_name(name: str, key: str) -> str:
    """
    >>> build_variable_name("control-room", "url")
    'DOSING_NOTIFICATIONS_CONTROL_ROOM_URL'
    """
    return f"{_VARIABLE_PREFIX}{name}_{key}".replace("-", "_").upper()


def _refuse_unknown_variables(channels: Sequence[NotificationSettings], env: Mapping[str, str]) -> None:
    known = {build_variable_name(one.name, what) for one in channels for what in SECRET_KEYS}
    for name in env:
        if name.startswith(_VARIABLE_PREFIX) and name not in known:
            raise ConfigError(f"environment variable {name} belongs to no channel of {SECTION}.")


def find_errors(channels: Sequence[NotificationSettings]) -> Iterator[str]:
    """What cannot work, in sentences."""
    if len(channels) > MAX_SECTIONS:
        yield f"{SECTION}: {len(channels)} of them are more than {MAX_SECTIONS}."
    names: set[str] = set()
    for one in channels:
        place = f"{SECTION} {one.name!r}"
        if one.name.replace("-", "_") in names:
            yield f"{place}: there is another channel of this name."
        names.add(one.name.replace("-", "_"))
        yield from (f"{place}: {sentence}" for sentence in (*_find_rule_errors(one), *_find_kind_errors(one)))


def _find_rule_errors(channel: NotificationSettings) -> Iterator[str]:
    for setting, given, known in (
        ("priorities", channel.priorities, PRIORITIES),
        ("on", channel.on, TRIGGERS),
    ):
        if not given:
            yield f"{setting} is empty; nobody would be told of anything."
        for word in given:
            if word not in known:
                yield f"{setting} {word!r} is not one of {', '.join(known)}."
    for name, value, low, high in (
        ("after_minutes", channel.after_minutes, 0.1, 1_440.0),
        ("most_in_10_minutes", channel.most_in_10_minutes, 1, 600),
        ("timeout_s", channel.timeout_s, 1.0, 60.0),
    ):
        if not low <= value <= high:
            yield f"{name} {value:g} is outside {low:g} to {high:g}."


def _find_kind_errors(channel: NotificationSettings) -> Iterator[str]:
    if channel.kind in _URL_KINDS:
        yield from _find_url_errors(channel)
    elif channel.kind is NotificationKind.MAIL:
        yield from _find_mail_errors(channel)
    elif not channel.command or not channel.command[0] or any("\0" in word for word in channel.command):
        yield 'command is empty; name a program and its arguments, e.g. ["/usr/local/bin/page", "--urgent"].'


def _find_url_errors(channel: NotificationSettings) -> Iterator[str]:
    """The URL is a secret: no sentence quotes more of it than its host."""
    if not channel.url:
        yield f"no URL is known; set url_file or {build_variable_name(channel.name, 'url')}."
        return
    try:
        parts = urlsplit(channel.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        yield "the URL is not one."
        return
    if parts.scheme not in ("https", "http") or not host or not channel.url.isascii() or " " in channel.url:
        yield "the URL does not begin with https:// and a host, or holds what a URL cannot."
    elif parts.username is not None:
        yield "the URL holds a user name; put what is secret into its path or its query."
    elif parts.scheme == "http" and not channel.unencrypted and not is_localhost(host):
        yield f"http:// to {host} is not encrypted; use https://, or set unencrypted = true."


def _find_mail_errors(channel: NotificationSettings) -> Iterator[str]:
    if not channel.host:
        yield "host is empty; name the mail server."
    if not 0 <= channel.port <= 65_535:
        yield f"port {channel.port} is outside 0 to 65535."
    if not channel.to:
        yield 'to is empty; name whom mail goes to, e.g. ["shift@plant.example"].'
    for setting, address in (("sender", channel.sender), *(("to", each) for each in channel.to)):
        if not _MAIL_ADDRESS.fullmatch(address) or not address.isascii():
            yield f'{setting} {address!r} is not an address, e.g. "shift@plant.example".'
    if channel.security is MailSecurity.PLAIN and not channel.unencrypted and not is_localhost(channel.host):
        yield f"security 'plain' to {channel.host} is not encrypted; use starttls, or set unencrypted = true."
    if channel.username and not channel.password:
        known_as = build_variable_name(channel.name, "password")
        yield f"username is set, but no password is known; set password_file or {known_as}."


def is_localhost(host: str) -> bool:
    """
    >>> is_localhost("127.0.0.1"), is_localhost("::1"), is_localhost("mail.plant")
    (True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
