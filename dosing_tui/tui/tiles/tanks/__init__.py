"""Tiles of the tanks: levels as gauges and as a table, how long the stock lasts."""
