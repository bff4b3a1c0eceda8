"""Alarm rules, declared in ``domain.alarms.catalog`` and decided here, one module per subject. Pure."""
