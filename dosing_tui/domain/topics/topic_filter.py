"""Topics of readings that carry the station, and the station in them."""

OTHER_TOPICS = "other topics"
"""In place of a topic that nobody configured: what is sent cannot invent names."""

_STATION_LEVEL = "+"


def has_station_level(topic_filter: str) -> bool:
    return _STATION_LEVEL in topic_filter


def find_station(topic_filter: str, topic: str) -> str | None:
    """The station in a topic that the filter covers; '' without a level for it, None if not covered.

    A level may be empty: its station is '', too.

    >>> find_station("factory/+/batch/events", "factory/dosing_system_01/batch/events")
    'dosing_system_01'
    >>> find_station("factory/batch/events", "factory/batch/events")
    ''
    >>> find_station("factory/+/batch/events", "factory/hall/line/batch/events") is None
    True
    """
    if topic_filter == topic:
        return ""
    head, station_level, tail = topic_filter.partition(_STATION_LEVEL)
    room = len(topic) - len(head) - len(tail)
    if not station_level or room < 0 or not topic.startswith(head) or not topic.endswith(tail):
        return None
    station = topic[len(head) : len(head) + room]
    return None if "/" in station else station
