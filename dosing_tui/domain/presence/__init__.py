"""What stations tell of themselves: their status topic, and the gaps in their sequence numbers."""
