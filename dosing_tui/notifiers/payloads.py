"""Payload of a message for each kind of receiver, with the receiver's markup escaped. Pure."""

import json
from collections.abc import Callable, Mapping
from datetime import tzinfo

from dosing_tui.config.notification_channel import NotificationKind
from dosing_tui.domain.notifications.policy import NotificationMessage
from dosing_tui.notifiers.message_text import format_lines, format_subject, message_to_fields

PayloadBuilder = Callable[[NotificationMessage, tzinfo], object]

_CHAT_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "＠"), ("](", "] ("), ("://", ": //"))
"""Slack's three; and for Slack-compatible receivers: no mentions and no links."""


def encode_payload(kind: NotificationKind, message: NotificationMessage, zone: tzinfo) -> bytes:
    """The message as ASCII JSON, in the form of this kind of receiver."""
    return json.dumps(_BUILDERS[kind](message, zone), allow_nan=False).encode("ascii")


def _build_slack(message: NotificationMessage, zone: tzinfo) -> object:
    text = "\n".join(
        escape_chat_markup(line) for line in [format_subject(message, zone), *format_lines(message, zone)]
    )
    return {"text": text, "mrkdwn": False}


def _build_teams_card(message: NotificationMessage, zone: tzinfo) -> object:
    """An adaptive card of text runs, its only elements without markdown."""
    first, *rest = [format_subject(message, zone), *format_lines(message, zone)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [_build_text_run(first, weight="Bolder"), *(_build_text_run(line) for line in rest)],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _build_text_run(text: str, **style: str) -> dict[str, object]:
    # {{DATE(...)}} is the only macro that cards expand in every text
    run = {"type": "TextRun", "text": text.replace("{{", "{ {"), **style}
    return {"type": "RichTextBlock", "inlines": [run]}


_BUILDERS: Mapping[NotificationKind, PayloadBuilder] = {
    NotificationKind.WEBHOOK: message_to_fields,
    NotificationKind.COMMAND: message_to_fields,
    NotificationKind.SLACK: _build_slack,
    NotificationKind.TEAMS: _build_teams_card,
}


def escape_chat_markup(text: str) -> str:
    """
    >>> escape_chat_markup("<!channel> @here [x](http://y)")
    '&lt;!channel&gt; ＠here [x] (http: //y)'
    """
    for harmful, harmless in _CHAT_ESCAPES:
        text = text.replace(harmful, harmless)
    return text
