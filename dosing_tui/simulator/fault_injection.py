"""Deliberate faults in the simulated messages, and how a correct consumer handles them."""

import difflib
import json
from collections.abc import Callable, Iterator
from enum import StrEnum
from math import inf, nan
from random import Random
from typing import Any, TypeAlias

from dosing_tui.errors import ConfigError
from dosing_tui.simulator.payload_format import DoseLine, EventLine, FirmwareLine, LevelLine, format_payload


class Fault(StrEnum):
    NAN = "nan"
    """A bare nan or inf for a number, by C's printf. Expected: accepted without the number."""
    DUPLICATES = "duplicates"
    """The same message twice in a row. Expected: stored once."""
    UPTIME = "uptime"
    """A station without NTP: milliseconds since boot. Expected: accepted with the receive time."""
    REBOOT = "reboot"
    """A station restarts during a batch and reports full tanks. Expected: accepted."""
    LOST_START = "lost-start"
    """A batch's start is lost; its doses and its complete arrive. The next message carries the fault."""
    LOST_COMPLETE = "lost-complete"
    """A batch's complete is lost. The station's next message carries the fault."""
    GARBAGE = "garbage"
    """Unusable messages: rejected. Hostile text in valid ones: accepted and cleaned."""


class ExpectedOutcome(StrEnum):
    """How a correct consumer handles a message."""

    ACCEPT = "accept"
    REJECT = "reject"
    DUPLICATE = "duplicate"
    """Recognised as a repetition: counted, not stored."""


EmittedMessage: TypeAlias = tuple[bytes, str, ExpectedOutcome]
"""A payload with its fault, '' for none."""

FAULT_INTERVALS = {
    Fault.NAN: (25, 60),
    Fault.DUPLICATES: (20, 50),
    Fault.GARBAGE: (20, 50),
    Fault.REBOOT: (120, 300),
    Fault.LOST_START: (60, 160),
    Fault.LOST_COMPLETE: (60, 160),
}
"""Least and most messages of the plant from one fault to the next."""

CARRIED_FAULTS = (Fault.LOST_START, Fault.LOST_COMPLETE)
"""Nobody hears of the message itself: the station's next one carries the fault."""

HOSTILE_TEXTS = (
    "[/]",
    "[bold",
    "[@click=app.quit]x[/]",
    "\x1b]52;c;ZWNobyBoaQ==\x07",
    "\x1b[2J\x1b[31mred\x9b0m",
    "\u202eevil\u2066",
    "nul\x00nul",
    "lone\ud800half",
    "zero\u200bwidth\u2028line",
    "'; DROP TABLE dosing_consumption; --",
    "=cmd|' /C calc'!A0",
    "W" * 300,
    "龍" * 40,
)
HOSTILE_NAMES = HOSTILE_TEXTS[:2]
"""For names of stations and tanks: few, because each adds a row to every screen."""


def parse_faults(text: str) -> frozenset[Fault]:
    """'all', 'none' or names with commas between. Raises: ConfigError with the nearest valid name.

    >>> sorted(parse_faults("uptime, nan"))
    [<Fault.NAN: 'nan'>, <Fault.UPTIME: 'uptime'>]
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    if "all" in names:
        return frozenset(Fault)
    if names == ["none"]:
        return frozenset()
    for name in names:
        if name not in list(Fault):
            near = difflib.get_close_matches(name, list(Fault), n=1)
            hint = f" Did you mean '{near[0]}'?" if near else f" Valid are {', '.join(Fault)}, all and none."
            raise ConfigError(f"faults: '{name}' is not a fault.{hint}")
    return frozenset(Fault(name) for name in names)


class FaultInjector:
    """Schedules the faults and puts them into lines. Reproducible by its seed."""

    def __init__(self, faults: frozenset[Fault], random: Random) -> None:
        self._random = random
        self._countdowns = {
            fault: random.randint(*FAULT_INTERVALS[fault]) for fault in FAULT_INTERVALS if fault in faults
        }

    def is_due(self, fault: Fault) -> bool:
        """Whether this fault should happen as soon as it can."""
        return self._countdowns.get(fault, 1) <= 0

    def schedule_next(self, fault: Fault) -> None:
        """Schedule the fault's next turn, by FAULT_INTERVALS."""
        self._countdowns[fault] = self._random.randint(*FAULT_INTERVALS[fault])

    def drop_event(self, line: FirmwareLine) -> Fault | None:
        """The fault that loses this line, if one is due."""
        fault = Fault(f"lost-{line.event}") if isinstance(line, EventLine) else None
        if fault is None or not self.is_due(fault):
            return None
        self.schedule_next(fault)
        return fault

    def emit_messages(self, line: FirmwareLine, fault: str) -> Iterator[EmittedMessage]:
        """The line as published: valid, faulty, twice, or after garbage.

        ``fault``: already in it. One that a message carries for others keeps the message as it is.
        """
        for each in self._countdowns:
            self._countdowns[each] -= 1
        is_carrier = fault in CARRIED_FAULTS
        if self.is_due(Fault.NAN) and not (is_carrier or isinstance(line, EventLine)):
            self.schedule_next(Fault.NAN)
            yield format_payload(self._replace_number(line)), Fault.NAN, ExpectedOutcome.ACCEPT
        elif self.is_due(Fault.GARBAGE) and not is_carrier:
            self.schedule_next(Fault.GARBAGE)
            yield from self._emit_garbage(line, fault)
        else:
            yield format_payload(line), fault, ExpectedOutcome.ACCEPT
            if self.is_due(Fault.DUPLICATES):
                self.schedule_next(Fault.DUPLICATES)
                yield format_payload(line), Fault.DUPLICATES, ExpectedOutcome.DUPLICATE

    def _emit_garbage(self, line: FirmwareLine, fault: str) -> Iterator[EmittedMessage]:
        if self._random.random() < 0.5:
            yield format_payload(self._insert_hostile_text(line)), Fault.GARBAGE, ExpectedOutcome.ACCEPT
        else:
            unusable = self._random.choice(UNUSABLE_PAYLOADS)
            yield unusable(line, self._random), Fault.GARBAGE, ExpectedOutcome.REJECT
            yield format_payload(line), fault, ExpectedOutcome.ACCEPT

    def _replace_number(self, line: DoseLine | LevelLine) -> FirmwareLine:
        bad = self._random.choice((nan, nan, inf))
        if isinstance(line, DoseLine):
            return line._replace(actual_g=bad, error_g=bad)
        return line._replace(percent_full=bad)

    def _insert_hostile_text(self, line: FirmwareLine) -> FirmwareLine:
        # as it stands between the quotes of a JSON string
        text, name = (json.dumps(self._random.choice(each))[1:-1] for each in (HOSTILE_TEXTS, HOSTILE_NAMES))
        match line:
            case DoseLine():
                field = self._random.choice(("recipe", "mode", "chemical"))
            case EventLine():
                field = "recipe"
            case LevelLine():
                field, text = self._random.choice(("device_id", "chemical")), name
        changes: dict[str, Any] = {field: text}  # fields of a named tuple, of any type
        return line._replace(**changes)


def _truncate_payload(line: FirmwareLine, random: Random) -> bytes:
    """Truncate as a too small network buffer does. The rest still differs from every other message."""
    return format_payload(line)[: -1 if isinstance(line, EventLine) else -random.randint(1, 18)]


def _drop_required_field(line: FirmwareLine, random: Random) -> bytes:
    fields = json.loads(format_payload(line))
    del fields[random.choice(REQUIRED_FIELDS[type(line)])]
    return json.dumps(fields).encode()


def _set_wrong_type(line: FirmwareLine, random: Random) -> bytes:
    value = random.choice(({"is": "an object"}, ["a list"], None))
    return _replace_field(line, random.choice(REQUIRED_FIELDS[type(line)]), value)


def _set_wrong_pump(line: FirmwareLine, random: Random) -> bytes:
    if not isinstance(line, DoseLine):
        return _set_wrong_type(line, random)
    return _replace_field(line, "pump", random.choice((3.7, "two", 99_999_999_999)))


def _replace_field(line: FirmwareLine, name: str, value: object) -> bytes:
    return json.dumps(json.loads(format_payload(line)) | {name: value}).encode()


REQUIRED_FIELDS: dict[type[FirmwareLine], tuple[str, ...]] = {
    DoseLine: ("device_id", "pump", "chemical"),
    EventLine: ("device_id", "event"),
    LevelLine: ("device_id", "chemical"),
}
"""Fields that every consumer needs; all others may be missing."""

UNUSABLE_PAYLOADS: tuple[Callable[[FirmwareLine, Random], bytes], ...] = (
    _truncate_payload,
    lambda _, random: b"\xff\xfe" + random.randbytes(30),
    lambda _, random: b"%d" % random.getrandbits(48),
    lambda _, random: b"[" * 3_000 + b"%d" % random.getrandbits(48),
    _drop_required_field,
    _set_wrong_type,
    _set_wrong_pump,
)
"""Each differs from every other message, so that none is a repetition."""
