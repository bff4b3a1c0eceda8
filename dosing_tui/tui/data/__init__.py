"""Queries of the screen: their threads, results and refresh."""
