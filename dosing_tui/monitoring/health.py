"""Whether the collector is ready, for service managers and load balancers. Pure."""

from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.live_snapshot import LinkStatus, LiveSnapshot, Role


def list_readiness_faults(snapshot: LiveSnapshot) -> list[str]:
    """Why readings do not go from the broker to the database now, a line each; empty if they do.

    A standby is ready: it takes over when the collector ends.
    """
    faults = [f"thread {name} failed" for name in snapshot.failed_threads]
    if snapshot.role is Role.UNDECIDED:
        faults.append("role not decided")
    for name, link in (("broker", snapshot.broker), ("database", snapshot.database)):
        if link.status not in (LinkStatus.UP, LinkStatus.PARTIAL):
            faults.append(f"{name} {link.status.value}")
    if snapshot.refused_topics:
        faults.append(f"{count_noun(len(snapshot.refused_topics), 'topic')} refused by the broker")
    faults += [f"database: {fault.part.value.lower()}" for fault in snapshot.database_faults]
    return faults
