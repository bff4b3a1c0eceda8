"""Finds the PUBLISH packets at the beginning of received bytes. Pure; MQTT 3.1.1 and 5.

Only what a station's messages need: QoS 0 and 1, a known topic, less than 16 KB, complete. Everything else is
left to paho, as are packets that are not well-formed.
"""

from collections.abc import Mapping
from typing import NamedTuple

_TYPE_AND_QOS_2_MASK = 0xF4
_PUBLISH = 0x30
_DUP, _QOS_1, _RETAIN = 0x08, 0x02, 0x01


class PublishFrame(NamedTuple):
    """``packet_id``: 0 at QoS 0."""

    topic: str
    payload: bytes
    packet_id: int
    is_resent: bool
    is_retained: bool


def read_frames(
    data: bytes, position: int, topics: Mapping[bytes, str], *, has_properties: bool
) -> tuple[list[PublishFrame], int]:
    """The packets from ``position``, up to the first that is not simple, and the position of that one.

    ``has_properties``: MQTT 5.
    """
    frames: list[PublishFrame] = []
    length = len(data)
    while position + 4 < length:
        command, size, begin = data[position], data[position + 1], position + 2
        if size > 0x7F:
            size, begin = (size & 0x7F) | data[begin] << 7, position + 3
        end = begin + size
        # a second length byte with its high bit set makes the packet larger than any that is handled here
        if command & _TYPE_AND_QOS_2_MASK != _PUBLISH or size > 0x3FFF or size < 2 or end > length:
            break
        at = begin + 2 + (data[begin] << 8 | data[begin + 1])
        topic = topics.get(data[begin + 2 : at])
        packet_id = 0
        if command & _QOS_1:
            packet_id = data[at] << 8 | data[at + 1] if at + 2 <= end else 0
            at += 2
        if has_properties and at < end:
            at += 1 + data[at] if data[at] <= 0x7F else length
        elif has_properties:
            break
        if topic is None or at > end or (command & _QOS_1 and not packet_id):
            break
        frames.append(
            PublishFrame(topic, data[at:end], packet_id, command & _DUP != 0, command & _RETAIN != 0)
        )
        position = end
    return frames, position
