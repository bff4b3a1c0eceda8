"""Readers end with their test."""

from tests.support.database.kept_readers import close_readers as close_readers
