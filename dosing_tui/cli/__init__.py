"""Click commands, one file per command group; each imports what it needs when it is called."""
