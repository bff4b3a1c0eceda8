"""Backup of the database with a manifest that proves it, and its restore into a fresh database."""
