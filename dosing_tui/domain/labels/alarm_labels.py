"""An alarm in three parts: its station, its tag without the station, and its text without the station."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.labels.station_labels import fit_station_names, name_stations
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

PLANT_WIDE = "plant"
"""In place of the station, for an alarm of none."""
MAX_TAG_CELLS = 100


@dataclass(frozen=True, slots=True)
class AlarmLabel:
    """Two different alarms differ in station or tag; ``text`` is for reading only."""

    station: str
    tag: str
    text: str
    shorter_texts: tuple[str, str] = field(default=("", ""), compare=False, repr=False)
    """Without the rule's title, then also without the item: the tag stands for both."""

    @property
    def full_text(self) -> str:
        """
        >>> AlarmLabel("L1", "STOCK_LOW/T-12", "Low inventory: T-12 at 18.3 %").full_text
        'L1 · STOCK_LOW/T-12 · Low inventory: T-12 at 18.3 %'
        """
        return f"{self.station} · {self.tag} · {self.text}"


def describe_alarm(key: AlarmKey, message: str, short_names: Mapping[str, str] | None = None) -> AlarmLabel:
    """The parts in full; the rule's title for an alarm without a message.

    >>> describe_alarm(AlarmKey("DEVICE_OFFLINE", "line_1"), "Dosing system offline for 12 min (line_1)")
    AlarmLabel(station='line_1', tag='DEVICE_OFFLINE', text='Dosing system offline for 12 min')
    """
    rule = RULES.get(key.rule)
    title = rule.title if rule else ""
    text = _remove_station(clean_line(message) or title, clean_line(key.device))
    station = name_stations([key.device], short_names or {})[key.device] if key.device else PLANT_WIDE
    tag = clean_text("/".join(part for part in (key.rule, key.item) if part), limit=MAX_TAG_CELLS)
    untitled = text.removeprefix(f"{title}: ").removeprefix(f"{title} · ")
    item = clean_line(key.item)
    bare = untitled.removeprefix(f"{item} ") if untitled != text else text.removeprefix(f"Batch {item}: ")
    return AlarmLabel(station, tag, text, (untitled, bare))


def label_alarms(
    alarms: Sequence[tuple[AlarmKey, str]], short_names: Mapping[str, str], *,
    station_width: int, tag_width: int,
) -> list[AlarmLabel]:  # fmt: skip
    """The parts, station and tag cut to their widths in cells: no two alarms shown together look the same.

    ``alarms``: each with its message.
    """
    names = name_stations({key.device for key, _ in alarms if key.device}, short_names)
    found = [describe_alarm(key, message) for key, message in alarms]
    stations = fit_station_names([names.get(key.device, PLANT_WIDE) for key, _ in alarms], station_width)
    tags = fit_labels([label.tag for label in found], tag_width)
    return [
        replace(label, station=stations[names.get(key.device, PLANT_WIDE)], tag=tags[label.tag])
        for (key, _), label in zip(alarms, found, strict=True)
    ]


def _remove_station(text: str, device: str) -> str:
    """The text without the places where rules, of this and of earlier releases, name the station."""
    if not device or device not in text:
        return text
    for written, left in (
        (f" ({device})", ""),
        (f"({device}, ", "("),
        (f", {device})", ")"),
        (f" of station {device}", ""),
        (f"Station {device} ", "Station "),
        (f"station {device} ", "the station "),
        (f": {device} has never", ": never"),
    ):
        text = text.replace(written, left)
    return text
