"""Grafana's contact points and notification policy, from the channels in [[notifications]].

Secrets stay out of the files: Grafana reads a URL from the same file or environment variable.
"""

from collections.abc import Sequence

from dosing_tui.config.notification_channel import NotificationKind, NotificationSettings
from dosing_tui.config.notification_sections import build_variable_name
from dosing_tui.config.settings import Settings
from dosing_tui.grafana.datasource import Json, JsonObject

DEFAULT_RECEIVER = "grafana-default-email"
"""Exists in every Grafana: the policy of alerts that no channel wants."""
_TYPES = {
    NotificationKind.WEBHOOK: "webhook",
    NotificationKind.SLACK: "slack",
    NotificationKind.TEAMS: "teams",
    NotificationKind.MAIL: "email",
}
"""Grafana's contact point by kind of channel; it runs no command."""


def build_notification_file(settings: Settings) -> JsonObject:
    """Contact points and policy; nothing of both without a channel, to leave those of Grafana alone.

    Mail goes by Grafana's own mail server (its section [smtp]).
    """
    channels = [channel for channel in settings.notifications if channel.kind in _TYPES]
    if not channels:
        return {"apiVersion": 1}
    return {
        "apiVersion": 1,
        "contactPoints": [_build_contact_point(channel) for channel in channels],
        "policies": [_build_policy(channels, settings)],
    }


def _format_name(channel: NotificationSettings) -> str:
    return f"dosing-{channel.name}"


def _build_contact_point(channel: NotificationSettings) -> Json:
    if channel.kind is NotificationKind.MAIL:
        fields: dict[str, Json] = {"addresses": ";".join(channel.to), "singleEmail": True}
    elif channel.url_file:
        fields = {"url": f"$__file{{{channel.url_file}}}"}
    else:
        fields = {"url": f"$__env{{{build_variable_name(channel, 'url')}}}"}
    return {
        "orgId": 1,
        "name": _format_name(channel),
        "receivers": [
            {
                "uid": _format_name(channel)[:40],
                "type": _TYPES[channel.kind],
                "settings": fields,
                "disableResolveMessage": "return" not in channel.on,
            }
        ],
    }


def _build_policy(channels: Sequence[NotificationSettings], settings: Settings) -> Json:
    """Each channel gets the plant's alerts of its priorities."""
    routes: list[Json] = [
        {
            "receiver": _format_name(channel),
            "object_matchers": [
                ["plant", "=", settings.plant.site],
                ["priority", "=~", "|".join(channel.priorities)],
            ],
            "group_by": ["alertname", "device_id"],
            "continue": True,
        }
        for channel in channels
    ]
    return {"orgId": 1, "receiver": DEFAULT_RECEIVER, "group_by": ["alertname"], "routes": routes}
