"""What people ask for at the console and the database answers later: questions, entries, what failed."""
