"""The optional topic on which each station keeps its status, its last will included."""


def build_status_topic(prefix: str, own_topic: str = "") -> str:
    """The stations' status topic, its level + is the station; ``own_topic``: one instead of the usual.

    >>> build_status_topic("factory"), build_status_topic("factory/+"), build_status_topic("x", "tele/+/LWT")
    ('factory/devices/+/status', 'factory/+/status', 'tele/+/LWT')
    """
    if own_topic:
        return own_topic
    return f"{prefix}/status" if "+" in prefix else f"{prefix}/devices/+/status"
