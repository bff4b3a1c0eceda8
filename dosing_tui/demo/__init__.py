"""A whole plant on one machine: embedded database, broker, simulator, supervised."""
