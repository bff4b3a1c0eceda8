"""Lots of the chemicals: what a tank holds, what a batch got of which lot, which lot to open next. Pure."""
