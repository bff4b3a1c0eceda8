"""Collector process of a console: a separate process, so that a message flood never blocks the screen."""
