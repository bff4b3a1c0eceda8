"""Pictures of the running program for the documentation; not part of what is installed."""
