"""Alarm evaluation in the collector, its journal outbox, and commands entered offline."""
