"""Look up a normal alarm by its tag, so that it can be suppressed before maintenance."""

import re
from collections.abc import Collection, Mapping
from enum import Enum

from msgspec import Struct

from dosing_tui.domain.alarms.catalog import CATALOG_VERSION, RETIRED, RULES
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import AlarmCommandError


class TagScope(Enum):
    """Scope of a rule; the value is the format of its tags after the rule name."""

    PLANT = ""
    TOPIC = "/TOPIC"
    STATION = "/STATION"
    PUMP = "/STATION or, of one pump, /STATION/pump 2"
    ONE_PUMP = "/STATION/pump 2"
    CHEMICAL = "/STATION/CHEMICAL"
    PLANT_CHEMICAL = "/CHEMICAL"
    RECIPE = "/STATION/RECIPE"
    TANK = "/STATION or, of one tank, /STATION/CHEMICAL"


TAG_SCOPES: Mapping[str, TagScope] = {
    **dict.fromkeys(("BROKER_DOWN", "DB_DOWN", "SPOOL_HIGH", "SPOOL_FULL"), TagScope.PLANT),
    **dict.fromkeys(("BATCH_STALLED", "DEVICE_OFFLINE", "CLOCK_SKEW", "ERR_RATE_1H"), TagScope.STATION),
    "MESSAGES_LOST": TagScope.STATION,
    **dict.fromkeys(
        ("STOCK_LOW", "STOCK_CRITICAL", "STOCK_COVER_LOW", "STOCK_RESET", "STOCK_MISMATCH"), TagScope.CHEMICAL
    ),
    **dict.fromkeys(("DOSE_OUT_OF_TOL", "DOSE_GROSS"), TagScope.CHEMICAL),
    **dict.fromkeys(("LOT_EXPIRED", "LOT_UNKNOWN", "LOT_EXPIRES_SOON"), TagScope.CHEMICAL),
    **dict.fromkeys(("BATCH_ABORTED", "BATCH_INGREDIENT"), TagScope.RECIPE),
    **dict.fromkeys(("ERR_MEAN_1H", "CALIBRATION_DUE", "TUBE_DUE"), TagScope.PUMP),
    "PUMP_CHEMICAL": TagScope.ONE_PUMP,
    RETIRED: TagScope.TANK,
    "CHEMICAL_SLOW": TagScope.PLANT_CHEMICAL,
    **dict.fromkeys(("QUARANTINE", "TOPIC_REFUSED", "DB_PARTIAL"), TagScope.TOPIC),
}


_ITEM_PATTERNS = {
    TagScope.CHEMICAL: ".+",
    TagScope.RECIPE: ".+",
    TagScope.TANK: ".*",
    TagScope.PUMP: r"(pump [1-9]\d?)?",
    TagScope.ONE_PUMP: r"pump [1-9]\d?",
}
"""Pattern of a tag's item; without one, the tag has no item."""


class PlantNames(Struct, frozen=True):
    """Names of the stations and chemicals, as published by the plant."""

    stations: Collection[str]
    chemicals: Collection[str]


def find_normal_alarm(tag: str, plant_names: PlantNames) -> AlarmState:
    """Return the alarm of this tag in the normal state.

    Raises: AlarmCommandError if no rule can raise it, e.g. because of a typing error.
    """
    key = _parse_key(tag, plant_names)
    return AlarmState(key, message=RULES[key.rule].title, rule_version=CATALOG_VERSION)


def _parse_key(tag: str, plant_names: PlantNames) -> AlarmKey:
    name, _, rest = clean_line(tag).partition("/")
    rule = name.upper()
    if rule not in RULES:
        raise AlarmCommandError(f"There is no rule {name}; the rules are {', '.join(RULES)}.")
    about = TAG_SCOPES[rule]
    if about is TagScope.PLANT and not rest:
        return AlarmKey(rule)
    if about is TagScope.TOPIC and rest:
        return AlarmKey(rule, "", rest)
    if about is TagScope.PLANT_CHEMICAL and rest:
        return AlarmKey(rule, "", _match_name("chemical", rest, plant_names.chemicals))
    station, item = _split_station(rest, plant_names.stations)
    is_item_valid = re.fullmatch(_ITEM_PATTERNS.get(about, ""), item, re.IGNORECASE)
    if about is TagScope.PLANT or not station or not is_item_valid:
        raise AlarmCommandError(f"{tag} is not a tag of {rule}; its tags are {rule}{about.value}.")
    device = _match_name("station", station, plant_names.stations)
    if about is TagScope.CHEMICAL or (about is TagScope.TANK and item):
        item = _match_name("chemical", item, plant_names.chemicals)
    return AlarmKey(rule, device, item.lower() if about in (TagScope.PUMP, TagScope.ONE_PUMP) else item)


def _split_station(rest: str, stations: Collection[str]) -> tuple[str, str]:
    """Station and item of a tag without its rule. Of names with slashes the longest known counts."""
    known = set(map(fold_name, stations))
    parts = rest.split("/")
    for count in range(len(parts), 0, -1):
        if fold_name(station := "/".join(parts[:count])) in known:
            return station, "/".join(parts[count:])
    return parts[0], "/".join(parts[1:])


def _match_name(kind: str, name: str, names: Collection[str]) -> str:
    for one in names:
        if fold_name(one) == fold_name(name):
            return one
    there = f"known are {', '.join(sorted(names))}" if names else "none is"
    raise AlarmCommandError(f"No {kind} {name} is known; {there}.")
