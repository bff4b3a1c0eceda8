"""What all rules share: the limits, what was seen of the plant, and the form of a result."""
