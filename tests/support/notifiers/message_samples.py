"""Messages for tests, with everything in them that a receiver might take for markup."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec.structs import replace

from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.domain.notifications.policy import AlarmSummary, NotificationMessage, Trigger

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NASTY = (
    "[/]", "\x1b[2J\x1b]0;x\x07", "a\r\nBcc: evil@example.com", '"quoted"', "<!channel> & <@U1> @here",
    "[click](https://evil.example)", "**bold** _x_ `y`", "{{DATE(2026-01-01T00:00:00Z)}}", "\u202eabc\u200b",
    "ü€🏭",
)  # fmt: skip


def make_summary(name: str = "T-12", **changes: object) -> AlarmSummary:
    """An alarm about something of this name, as it comes from the journal: cleaned."""
    key = AlarmKey("STOCK_CRITICAL", "dosing_system_01", clean_text(name))
    made = AlarmSummary(
        key, AlarmEvent.RAISE, Priority.HIGH, NOON, clean_line(f"Tank nearly empty: {name}"), 4.1, 5.0
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the message's fields


def make_message(*alarms: AlarmSummary, **changes: object) -> NotificationMessage:
    alarms = alarms or (make_summary(),)
    made = NotificationMessage(
        UUID(int=7), Trigger.RAISE, "plant1", "Plant 1", alarms, {Priority.HIGH: len(alarms)}, UUID(int=6)
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # Message's fields
