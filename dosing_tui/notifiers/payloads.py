"""A message as each receiver wants it, with nothing in it that the receiver would take for markup. Pure."""

import json
from collections.abc import Callable, Mapping
from datetime import tzinfo

from dosing_tui.config.notification_channel import NotificationKind
from dosing_tui.domain.notifications.policy import Message
from dosing_tui.notifiers.message_text import fields, lines, subject

Form = Callable[[Message, tzinfo], object]

_CHAT = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "＠"), ("](", "] ("), ("://", ": //"))
"""Slack's three; and for those that are only like Slack: nobody is called, and nothing becomes a link."""


def body(kind: NotificationKind, message: Message, zone: tzinfo) -> bytes:
    """JSON, in ASCII."""
    return json.dumps(_FORMS[kind](message, zone), allow_nan=False).encode("ascii")


def _generic(message: Message, zone: tzinfo) -> object:
    return fields(message, zone)


def _slack(message: Message, zone: tzinfo) -> object:
    text = "\n".join(chat_safe(line) for line in [subject(message, zone), *lines(message, zone)])
    return {"text": text, "mrkdwn": False}


def _teams(message: Message, zone: tzinfo) -> object:
    """An adaptive card of text runs: of all its elements, the ones without markdown."""
    first, *rest = [subject(message, zone), *lines(message, zone)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [_run(first, weight="Bolder"), *(_run(line) for line in rest)],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _run(text: str, **look: str) -> dict[str, object]:
    # {{DATE(...)}} is the one thing that cards replace in every text
    run = {"type": "TextRun", "text": text.replace("{{", "{ {"), **look}
    return {"type": "RichTextBlock", "inlines": [run]}


_FORMS: Mapping[NotificationKind, Form] = {
    NotificationKind.WEBHOOK: _generic,
    NotificationKind.COMMAND: _generic,
    NotificationKind.SLACK: _slack,
    NotificationKind.TEAMS: _teams,
}


def chat_safe(text: str) -> str:
    """
    >>> chat_safe("<!channel> @here [x](http://y)")
    '&lt;!channel&gt; ＠here [x] (http: //y)'
    """
    for harmful, harmless in _CHAT:
        text = text.replace(harmful, harmless)
    return text
