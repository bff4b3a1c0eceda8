"""What the database has of the plant's rules: these count, not the settings."""
