"""The alarm journal, occurrences, trends and the notification queue in the database."""
