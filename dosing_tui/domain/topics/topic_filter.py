"""Topics of readings that carry the station, and the station in them."""


def find_station(topic_filter: str, topic: str) -> str | None:
    """The station in a topic that the filter covers; '' without a level for it, None if not covered.

    >>> find_station("factory/+/batch/events", "factory/dosing_system_01/batch/events")
    'dosing_system_01'
    >>> find_station("factory/batch/events", "factory/batch/events")
    ''
    >>> find_station("factory/+/batch/events", "factory/hall/line/batch/events") is None
    True
    """
    if topic_filter == topic:
        return ""
    head, station_level, tail = topic_filter.partition("+")
    if not station_level or not topic.startswith(head) or not topic.endswith(tail):
        return None
    station = topic[len(head) : len(topic) - len(tail)]
    return station if station and "/" not in station else None
