"""What a station reports about itself, as cells of a table and as one line."""

from collections.abc import Iterator, Mapping

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.panel_catalog import STATION_STATUS
from dosing_tui.domain.panels.station_health import StationHealth
from dosing_tui.domain.quantities.quantity_text import format_bytes, format_duration
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.scope.render_context import RenderContext

MAX_FIRMWARE_LENGTH = 20


def index_health(context: RenderContext) -> Mapping[str, StationHealth]:
    """Station -> its report; stations without one are left out."""
    return {row.device_id: row for row in context.get_rows(STATION_STATUS)}


def format_signal(health: StationHealth | None) -> str:
    return number_format.NO_VALUE if health is None or health.rssi_dbm is None else f"{health.rssi_dbm}"


def format_heap(health: StationHealth | None) -> str:
    if health is None or health.heap_free_bytes is None:
        return number_format.NO_VALUE
    return format_bytes(health.heap_free_bytes)


def format_firmware(health: StationHealth | None) -> str:
    if health is None or not health.firmware:
        return number_format.NO_VALUE
    return clean_line(health.firmware, MAX_FIRMWARE_LENGTH)


def format_uptime(health: StationHealth | None) -> str:
    if health is None or health.uptime_s is None:
        return number_format.NO_VALUE
    return format_duration(health.uptime_s)


def format_lost(health: StationHealth | None) -> str:
    if health is None or health.messages_lost is None:
        return number_format.NO_VALUE
    return number_format.format_count(health.messages_lost)


def list_health_texts(health: StationHealth) -> Iterator[str]:
    """The parts that are known, each with its unit; the losses first."""
    if health.messages_lost:
        yield f"{number_format.count_noun(health.messages_lost, 'message')} lost"
    if health.rssi_dbm is not None:
        yield f"{health.rssi_dbm} dBm"
    if health.heap_free_bytes is not None:
        yield f"{format_heap(health)} free"
    if health.firmware:
        yield f"firmware {format_firmware(health)}"
    if health.restarts:
        yield number_format.count_noun(health.restarts, "restart")
