"""Imports a database made with the guide's SQL, without losing a row.

Its tables are renamed and new ones take their names (``table_swap``, ``grants_and_views``). Then the rows are
copied in slices of time (``copy``), and hours of the old aggregate are stored (``hourly_history``).
When the row counts of a table match, the old one is dropped (``finalize``). Writers continue meanwhile.
"""
