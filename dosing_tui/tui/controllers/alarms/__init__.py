"""Alarms: lists, detail, bell, the operator's actions, key figures, journal."""
