"""Batches, rebuilt from messages that carry no batch id: what was made, and what was wrong with it."""
