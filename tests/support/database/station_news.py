"""What the stations of a planned month tell of themselves, and what the panel has to say of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from dosing_tui.database.presence.station_status_writer import StationStatusWriter
from dosing_tui.domain.messages.models import Reading
from dosing_tui.domain.panels.panel_catalog import PanelQuery
from dosing_tui.domain.panels.station_health import StationHealth
from dosing_tui.domain.presence.models import ConnectionReport, MessageLoss, StationNews, StationReport
from tests.support.database.reading_samples import settings_for
from tests.support.database.sample_month import PlantReadings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOST = ((1, 3), (2, 40), (3, -1), (9, 5))
"""Day after the first reading, and messages that were lost, or came after all."""
RESTARTS = (2, 12)


def write_station_news(dsn: str, plant: PlantReadings) -> None:
    """As the collector does, in order of time."""
    writer = StationStatusWriter(settings_for(dsn))
    for device in list_devices(plant):
        writer.write_news(list(_tell_news(plant, device)))
    writer.close()


def list_devices(plant: PlantReadings) -> list[str]:
    readings: list[Reading] = [*plant.doses, *plant.events, *plant.levels]
    return sorted({reading.device_id for reading in readings})


def expect_station_status(plant: PlantReadings, query: PanelQuery) -> list[StationHealth]:
    """Of the whole plant, filtered by station.

    The first one is offline, the second one came back; the others do not number their messages.
    """
    devices = list_devices(plant.whole)
    rows = []
    for place, device in enumerate(devices):
        if query.selection.device and device not in query.selection.device:
            continue
        first, last = _find_span(plant.whole, device)
        kind, in_all = min(place, 2), sum(count for _, count in LOST)
        lost = sum(count for day, count in LOST if query.since <= first + day * DAY < query.until)
        restarts = sum(query.since <= first + day * DAY < query.until for day in RESTARTS)
        rows.append(
            StationHealth(
                device, "offline" if place == 0 else "online", (last + HOUR, None, first)[kind], last,
                max(lost, 0) if kind < 2 else None, in_all if kind < 2 else None, restarts,
                -50 - place, 180_000 + place,
                3_600.0 * (1 + place), f"1.{place}", (last + HOUR, last - HOUR, first + 12 * DAY)[kind],
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row.status != "offline", row.device_id))


def _find_span(plant: PlantReadings, device: str) -> tuple[datetime, datetime]:
    every: list[Reading] = [*plant.doses, *plant.events, *plant.levels]
    readings = [each for each in every if each.device_id == device]
    return min(each.time for each in readings), max(each.received_at for each in readings)


def _tell_news(plant: PlantReadings, device: str) -> Iterator[StationNews]:
    place = list_devices(plant).index(device)
    first, last = _find_span(plant, device)
    told: Sequence[StationNews] = (
        StationReport(device, first, False, ConnectionReport.ONLINE, "b0", 1, -90, "0.9", 1, 2),
        *(MessageLoss(device, first + day * DAY, count, 7, 7) for day, count in LOST if place < 2),
        *(
            StationReport(device, first + day * DAY, False, ConnectionReport.ONLINE, f"b{day}", 1,
                          -50 - place, f"1.{place}", 180_000 + place, 3_600_000 * (1 + place))
            for day in RESTARTS
        ),
    )  # fmt: skip
    yield from sorted(told, key=lambda news: news.at if isinstance(news, MessageLoss) else news.received_at)
    if place < 2:
        at = last + HOUR if place == 0 else last - HOUR
        yield StationReport(device, at, False, ConnectionReport.OFFLINE)
