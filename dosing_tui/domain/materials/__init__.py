"""Materials of the plant: how long the stock lasts. Pure."""
