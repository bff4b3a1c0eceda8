"""What each pump doses: a row of a panel."""

from datetime import datetime

from msgspec import Struct


class PumpChemical(Struct, frozen=True):
    """What a pump doses, as a row of ``panels/pump_chemicals``."""

    device_id: str
    pump: int
    chemical: str
    """Its own: the one that is set, else that of most of its last doses."""
    basis: str
    """'set' or 'any' by the plant's rules, 'learnt', or 'not learnt'."""
    own_percent: float
    """Share of its own chemical in its last doses."""
    doses: int
    """At most 200."""
    other_chemical: str
    """The last of another chemical in these doses; '' without one."""
    other_at: datetime | None

    @property
    def identity(self) -> tuple[str, int]:
        """The row stays selected when its figures change."""
        return self.device_id, self.pump

    @property
    def is_broken(self) -> bool:
        """A chemical is set or learnt, and a dose of these was of another."""
        return self.basis in ("set", "learnt") and self.other_at is not None
