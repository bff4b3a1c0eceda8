"""The broker's own count of messages it threw away. Pure."""


def parse_drop_count(payload: bytes) -> int | None:
    """None for what is not a count."""
    text = payload.decode(errors="replace").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def count_lost_messages(previous: int | None, count: int) -> int:
    """How many were thrown away since the count was ``previous``, None if it never was.

    >>> count_lost_messages(None, 5), count_lost_messages(5, 7), count_lost_messages(7, 7)
    (0, 2, 0)
    >>> count_lost_messages(7, 3)  # the broker was started anew and counts from zero
    3
    """
    if previous is None:
        return 0
    return count - previous if count >= previous else count
