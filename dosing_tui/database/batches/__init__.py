"""Batches in the database: kept up to date from the readings, listed, reviewed, and their audit trail."""
