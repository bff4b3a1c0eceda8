"""``[[notifications]]``: a section for each channel that the collector notifies of alarms."""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace

from dosing_tui.config import secrets
from dosing_tui.config.notification_channel import MailSecurity, NotificationKind, NotificationSettings
from dosing_tui.config.secrets import format_variable
from dosing_tui.config.type_coercion import find_range_errors
from dosing_tui.errors import ConfigError
from dosing_tui.ipc.listen_address import is_host, is_loopback

SECTION = "notifications"
PRIORITIES = ("high", "medium", "low")
TRIGGERS = ("raise", "return", "unacknowledged")
_NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
_MAIL_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[A-Za-z0-9.-]+")
_URL_KINDS = (NotificationKind.WEBHOOK, NotificationKind.SLACK, NotificationKind.TEAMS)


def read_secrets(
    channels: Sequence[NotificationSettings], env: Mapping[str, str]
) -> tuple[NotificationSettings, ...]:
    """The channels with their URLs and passwords.

    Raises: ConfigError, also for an environment variable of an unknown channel.
    """
    complete = tuple(
        _read_channel_secrets(f"{SECTION}[{number}]", channel, env)
        for number, channel in enumerate(channels, start=1)
    )
    expected = {build_variable_name(channel, key) for channel in channels for key in ("url", "password")}
    for name in env:
        if name.startswith(format_variable(SECTION, "")) and name not in expected:
            raise ConfigError(f"environment variable {name} belongs to no channel of {SECTION}.")
    return complete


def _read_channel_secrets(
    location: str, channel: NotificationSettings, env: Mapping[str, str]
) -> NotificationSettings:
    if not _NAME_PATTERN.fullmatch(channel.name):
        raise ConfigError(
            f"{location}.name: {channel.name!r} is not a name of small letters, digits, - and _ (30 at most)."
        )
    values = secrets.read_secrets(
        channel,
        location,
        owner=f"{SECTION}_{channel.name}",
        credential=f"notification-{channel.name}",
        env=env,
    )
    return replace(channel, url=str(values["url"].value), password=str(values["password"].value))


def build_variable_name(channel: NotificationSettings, key: str) -> str:
    return format_variable(f"{SECTION}_{channel.name}", key)


def find_errors(channels: Sequence[NotificationSettings]) -> Iterator[str]:
    """One sentence for each impossible setting."""
    names: set[str] = set()
    for one in channels:
        place = f"{SECTION} {one.name!r}"
        if one.name.replace("-", "_") in names:
            yield f"{place}: there is another channel of this name."
        names.add(one.name.replace("-", "_"))
        yield from (f"{place}: {sentence}" for sentence in (*_find_rule_errors(one), *_find_kind_errors(one)))


def _find_rule_errors(channel: NotificationSettings) -> Iterator[str]:
    for setting, given, allowed in (
        ("priorities", channel.priorities, PRIORITIES),
        ("on", channel.on, TRIGGERS),
    ):
        if not given:
            yield f"{setting} is empty; the channel would never be used."
        for word in given:
            if word not in allowed:
                yield f"{setting} {word!r} is not one of {', '.join(allowed)}."
    yield from find_range_errors(
        ("after_minutes", channel.after_minutes, 0.1, 1_440.0),
        ("most_in_10_minutes", channel.most_in_10_minutes, 1, 600),
        ("timeout_s", channel.timeout_s, 1.0, 60.0),
    )


def _find_kind_errors(channel: NotificationSettings) -> Iterator[str]:
    if channel.kind in _URL_KINDS:
        yield from _find_url_errors(channel)
    elif channel.kind is NotificationKind.MAIL:
        yield from _find_mail_errors(channel)
    elif not channel.command or not channel.command[0] or any("\0" in word for word in channel.command):
        yield 'command is empty; name a program and its arguments, e.g. ["/usr/local/bin/page", "--urgent"].'


def _find_url_errors(channel: NotificationSettings) -> Iterator[str]:
    """The URL is a secret: a sentence quotes only its host."""
    if not channel.url:
        yield f"no URL; set url_file or {build_variable_name(channel, 'url')}."
        return
    try:
        parts = urlsplit(channel.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        yield "the URL cannot be parsed."
        return
    if parts.scheme not in ("https", "http") or not host or not channel.url.isascii() or " " in channel.url:
        yield "the URL does not begin with https:// and a host, or has characters that no URL may have."
    elif parts.username is not None:
        yield "the URL holds a user name; put the secret into its path or query."
    elif parts.scheme == "http" and not channel.unencrypted and not is_loopback(host):
        yield f"http:// to {host} is not encrypted; use https://, or set unencrypted = true."


def _find_mail_errors(channel: NotificationSettings) -> Iterator[str]:
    if not channel.host:
        yield "host is empty; name the mail server."
    elif not is_host(channel.host):
        yield "host is not a host name or address; leave out smtp://, account and path."
    if not 0 <= channel.port <= 65_535:
        yield f"port {channel.port} is outside 0 to 65535."
    if not channel.to:
        yield 'to is empty; name the recipients, e.g. ["shift@plant.example"].'
    for setting, address in (("sender", channel.sender), *(("to", each) for each in channel.to)):
        if not _MAIL_ADDRESS.fullmatch(address) or not address.isascii():
            yield f'{setting} {address!r} is not an address, e.g. "shift@plant.example".'
    if channel.security is MailSecurity.PLAIN and not channel.unencrypted and not is_loopback(channel.host):
        yield f"security 'plain' to {channel.host} is not encrypted; use starttls, or set unencrypted = true."
    if channel.username and not channel.password:
        variable = build_variable_name(channel, "password")
        yield f"username is set, but there is no password; set password_file or {variable}."
