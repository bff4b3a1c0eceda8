"""Which alarm a tag means that is normal: it may be hidden before work that would raise it. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from dosing_tui.domain.alarms.catalog import RULES, VERSION
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import AlarmRefused


class About(Enum):
    """What the rule looks at, as its tags have it."""

    PLANT = ""
    TOPIC = "/TOPIC"
    STATION = "/STATION"
    PUMP = "/STATION or, of one pump, /STATION/pump 2"
    CHEMICAL = "/STATION/CHEMICAL"
    RECIPE = "/STATION/RECIPE"


ABOUT: Mapping[str, About] = {
    **dict.fromkeys(("BROKER_DOWN", "DB_DOWN", "SPOOL_HIGH"), About.PLANT),
    **dict.fromkeys(("BATCH_STALLED", "DEVICE_OFFLINE", "CLOCK_SKEW", "ERR_RATE_1H"), About.STATION),
    **dict.fromkeys(("STOCK_LOW", "STOCK_CRITICAL", "STOCK_RESET", "STOCK_MISMATCH"), About.CHEMICAL),
    **dict.fromkeys(("DOSE_OUT_OF_TOL", "DOSE_GROSS"), About.CHEMICAL),
    **dict.fromkeys(("BATCH_ABORTED", "BATCH_INGREDIENT"), About.RECIPE),
    "ERR_MEAN_1H": About.PUMP,
    "QUARANTINE": About.TOPIC,
}


@dataclass(frozen=True, slots=True)
class Heard:
    """Stations and chemicals that there are, spelt as the plant spells them."""

    stations: Collection[str]
    chemicals: Collection[str]


def normal_alarm(tag: str, heard: Heard) -> AlarmState:
    """The alarm of this tag as long as it is normal.

    Raises: AlarmRefused if nothing could ever raise it: a slip of the finger would hide nothing.
    """
    key = _key(tag, heard)
    return AlarmState(key, message=RULES[key.rule].title, rule_version=VERSION)


def _key(tag: str, heard: Heard) -> AlarmKey:
    name, _, rest = clean_line(tag).partition("/")
    rule = name.upper()
    if rule not in RULES:
        raise AlarmRefused(f"There is no rule {name}; the rules are {', '.join(RULES)}.")
    about = ABOUT[rule]
    if about is About.PLANT and not rest:
        return AlarmKey(rule)
    if about is About.TOPIC and rest:
        return AlarmKey(rule, "", rest)
    station, _, item = rest.partition("/")
    if about is About.PLANT or not station or not _fits(about, item):
        raise AlarmRefused(f"{tag} is no tag of {rule}, which are {rule}{about.value}.")
    device = _spelt("station", station, heard.stations)
    if about is About.CHEMICAL:
        item = _spelt("chemical", item, heard.chemicals)
    return AlarmKey(rule, device, item.lower() if about is About.PUMP else item)


def _fits(about: About, item: str) -> bool:
    match about:
        case About.CHEMICAL | About.RECIPE:
            return bool(item)
        case About.PUMP:
            return re.fullmatch(r"(pump [1-9]\d?)?", item, re.IGNORECASE) is not None
        case _:
            return not item


def _spelt(what: str, name: str, known: Collection[str]) -> str:
    for one in known:
        if one.lower() == name.lower():
            return one
    there = f"known are {', '.join(sorted(known))}" if known else "none is"
    raise AlarmRefused(f"No {what} {name} is known; {there}.")
