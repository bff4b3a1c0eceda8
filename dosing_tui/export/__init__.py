"""Exports: panels, alarms, batches and shift reports as CSV, JSON, text, HTML and PDF."""
