"""Evaluation of the alarm rules of ``domain.alarms.catalog``, one module per subject. No I/O."""
