"""Rules that compare the stations with each other."""
