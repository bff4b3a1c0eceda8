"""Reads the records that the stations' firmware prints, by one pattern for each kind.

A shortcut of ``json_decoder`` and ``message_schema`` for records that need no repair: the fields in the
firmware's order, in range and consistent. It gives what those give, or nothing.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from dosing_tui.domain.messages.chemical_names import fold_name, normalize_name
from dosing_tui.domain.messages.default_limits import MAX_DURATION_MS
from dosing_tui.domain.messages.field_coercion import MIN_MAGNITUDE
from dosing_tui.domain.messages.message_schema import (
    ERROR_TOLERANCE_G,
    EVENT_WORDS,
    MASS_RANGE_G,
    PERCENT_RANGE,
    PERCENT_TOLERANCE,
)
from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.messages.tank_level import compute_percent

_NAME = rb'"([!#-\[\]-~](?:[ !#-\[\]-~]{0,62}[!#-\[\]-~])?)"'
"""1 to 64 printable ASCII characters, without quote and backslash, blank at no end."""
_RECIPE = rb'"((?:[!#-\[\]-~](?:[ !#-\[\]-~]{0,62}[!#-\[\]-~])?)?)"'
_NUMBER = rb"(-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?)"
_END = rb'(?:,"seq":(0|[1-9][0-9]{0,17}))?(?:,"timestamp":([1-9][0-9]{9}))?\}'
_DOSE = re.compile(
    rb'\{"device_id":' + _NAME + rb',"pump":([1-4]),"chemical":' + _NAME + rb',"target_g":' + _NUMBER
    + rb',"actual_g":' + _NUMBER + rb',"error_g":' + _NUMBER + rb',"recipe":' + _RECIPE
    + rb',"mode":"([A-Z](?:[A-Z0-9_-]{0,62}[A-Z0-9_-])?)","duration_ms":(0|[1-9][0-9]{0,5})' + _END
)  # fmt: skip
_EVENT = re.compile(
    rb'\{"device_id":' + _NAME + rb',"event":"(' + "|".join(EVENT_WORDS).encode() + rb')","recipe":' + _RECIPE
    + rb',"pumps":([1-4])' + _END
)  # fmt: skip
_LEVEL = re.compile(
    rb'\{"device_id":' + _NAME + rb',"chemical":' + _NAME + rb',"remaining_g":' + _NUMBER + rb',"capacity_g":'
    + _NUMBER + rb',"percent_full":' + _NUMBER + _END
)  # fmt: skip


class DoseValues(NamedTuple):
    pump: int
    chemical: str
    target_g: float
    actual_g: float
    error_g: float
    recipe: str
    mode: str
    duration_ms: int

    @property
    def identity(self) -> tuple[object, ...]:
        """As ``hash_values``: what is in the key is left out."""
        return ("dose", fold_name(self.chemical), *self[2:])


class EventValues(NamedTuple):
    event: str
    recipe: str
    pumps: int

    @property
    def identity(self) -> tuple[object, ...]:
        return "event", self.pumps


class LevelValues(NamedTuple):
    chemical: str
    remaining_g: float
    capacity_g: float
    percent_full: float

    @property
    def identity(self) -> tuple[object, ...]:
        return ("level", *self[1:])


Values: TypeAlias = DoseValues | EventValues | LevelValues


class CanonicalRecord(NamedTuple):
    device_id: str
    sequence: int | None
    stamp: int | None
    """Unix time in s."""
    values: Values


def read_canonical(kind: ReadingKind, payload: bytes) -> CanonicalRecord | None:
    """The record of a message; None if anything in it is not as the firmware prints it."""
    pattern, build_values = _READERS[kind]
    found = pattern.fullmatch(payload)
    if found is None:
        return None
    device_id, *texts, sequence, stamp = found.groups()
    values = build_values(*texts)
    if values is None:
        return None
    return CanonicalRecord(
        _decode_text(device_id),
        None if sequence is None else int(sequence),
        None if stamp is None else int(stamp),
        values,
    )


def _build_dose(*texts: bytes) -> DoseValues | None:
    pump, chemical, target, actual, error, recipe, mode, duration = texts
    target_g, actual_g, error_g = _parse_number(target), _parse_number(actual), _parse_number(error)
    duration_ms, (lowest_g, highest_g) = int(duration), MASS_RANGE_G
    if (
        lowest_g <= target_g <= highest_g
        and lowest_g <= actual_g <= highest_g
        and abs(error_g - round(actual_g - target_g, 6)) <= ERROR_TOLERANCE_G
        and duration_ms <= MAX_DURATION_MS
    ):
        name = normalize_name(_decode_text(chemical))
        return DoseValues(
            int(pump),
            name,
            target_g,
            actual_g,
            error_g,
            _decode_text(recipe),
            _decode_text(mode),
            duration_ms,
        )
    return None


def _build_event(event: bytes, recipe: bytes, pumps: bytes) -> EventValues:
    return EventValues(_decode_text(event), _decode_text(recipe), int(pumps))


def _build_level(chemical: bytes, remaining: bytes, capacity: bytes, percent: bytes) -> LevelValues | None:
    remaining_g, capacity_g = _parse_number(remaining), _parse_number(capacity)
    computed = compute_percent(remaining_g, capacity_g)
    if (
        computed is None
        or remaining_g < 0
        or not PERCENT_RANGE[0] <= computed <= PERCENT_RANGE[1]
        or abs(_parse_number(percent) - computed) > PERCENT_TOLERANCE
    ):
        return None
    return LevelValues(normalize_name(_decode_text(chemical)), remaining_g, capacity_g, computed)


def _parse_number(text: bytes) -> float:
    value = float(text)
    return value if not -MIN_MAGNITUDE < value < MIN_MAGNITUDE else 0.0


@lru_cache(maxsize=4096)  # every message repeats the plant's few names
def _decode_text(text: bytes) -> str:
    return text.decode("ascii")


_READERS: dict[ReadingKind, tuple[re.Pattern[bytes], Callable[..., Values | None]]] = {
    ReadingKind.DOSE: (_DOSE, _build_dose),
    ReadingKind.EVENT: (_EVENT, _build_event),
    ReadingKind.LEVEL: (_LEVEL, _build_level),
}
