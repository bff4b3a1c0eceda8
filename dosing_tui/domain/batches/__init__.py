"""Reconstruction of batches (ISA-88) from messages without a batch ID. No I/O."""
