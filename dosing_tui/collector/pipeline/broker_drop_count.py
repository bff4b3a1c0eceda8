"""The broker's own count of messages that it dropped because a queue was full. Pure."""


def parse_drop_count(payload: bytes) -> int | None:
    """Parse the decimal count. None if the payload is not one."""
    text = payload.decode(errors="replace").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def count_lost_messages(previous: int | None, count: int) -> int:
    """Number of messages dropped since ``previous``; 0 without a previous count.

    >>> count_lost_messages(None, 5), count_lost_messages(5, 7), count_lost_messages(7, 7)
    (0, 2, 0)
    >>> count_lost_messages(7, 3)  # the broker restarted and counts from zero
    3
    """
    if previous is None:
        return 0
    return count - previous if count >= previous else count
