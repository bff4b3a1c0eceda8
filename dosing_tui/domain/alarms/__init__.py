"""Alarm management after ISA-18.2: states, catalog, journal projection, KPIs. No I/O.

The journal is the system of record: an alarm's state is the fold of ``state_machine.apply_event`` over its
entries, in the order of their IDs. Only the collector journals conditions; every console journals operator
events. All processes fold the same entries, so their states agree (``journal_projection``). While the journal
is unavailable, each process applies its own pending entries in addition.
"""
