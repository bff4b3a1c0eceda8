"""Parts that several tiles are made of."""
