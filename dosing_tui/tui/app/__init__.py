"""The Textual App: start, ticks, screen stack, shutdown."""
