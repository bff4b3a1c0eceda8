"""What stations report about themselves, in the database."""
