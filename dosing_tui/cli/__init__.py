"""Commands that are too many for one file; each imports what it needs when it is called."""
