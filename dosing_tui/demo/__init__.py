"""Demo plant on one machine: embedded database and broker, simulator, collector."""
