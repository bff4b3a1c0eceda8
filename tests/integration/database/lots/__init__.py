"""Tests of lots against real servers."""
