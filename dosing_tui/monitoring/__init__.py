"""Health for machines: metrics for Prometheus, and whether the collector lives and is ready. Read only."""
