"""The field of a form that takes a time."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.widgets.form_dialog import InvalidEntryError
from dosing_tui.tui.widgets.form_fields import ENTRY_WIDTH, TextEntry

MAX_TIME_LENGTH = 25


@dataclass(eq=False, kw_only=True)
class TimeEntry(TextEntry):
    """``default``: the time it shows at first. ``zone``: of what is typed without an offset."""

    default: datetime
    zone: tzinfo
    default_text: str

    def parse_time(self) -> datetime:
        """In UTC. Raises: InvalidEntryError."""
        if self.text == self.default_text:
            return self.default  # to the microsecond, and in the right one of two equal hours
        try:
            time = datetime.fromisoformat(self.text)
            return (time if time.tzinfo else time.replace(tzinfo=self.zone)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise InvalidEntryError(
                "Enter the time as 2026-11-24 06:00:00, in the plant's time zone."
            ) from error


def create_time_entry(label: str, default: datetime, zone: tzinfo, *, width: int = ENTRY_WIDTH) -> TimeEntry:
    text = number_format.format_full_timestamp(default, zone)
    field = text_field.create_field(text, MAX_TIME_LENGTH)
    return TimeEntry(label=label, field=field, width=width, default=default, zone=zone, default_text=text)
