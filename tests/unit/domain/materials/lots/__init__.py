"""Tests of lots: mixing, batches, order of opening."""
