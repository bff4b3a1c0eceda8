"""Where to look for the cause of a bias, as ``panels/pump_capability`` finds it."""

from enum import StrEnum


class ShiftCause(StrEnum):
    """The rule is in the panel's statement: it alone says whether a pump is biased."""

    NONE = ""
    SCALE = "scale"
    """All pumps of the station are off in the same direction."""
    TUBE = "tube"
    """This one is, others are not."""
