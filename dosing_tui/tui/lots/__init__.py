"""The lots page: lots in tanks and in store, the batches of a lot, the lots of a batch."""
