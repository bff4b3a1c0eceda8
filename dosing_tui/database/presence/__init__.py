"""What stations tell of themselves, in the database."""
