"""Which readings a rebuild of batches needs, and reading no others."""
