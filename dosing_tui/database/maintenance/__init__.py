"""Status of the maintenance: what is stored, what goes next, what the jobs did."""
