"""Processes and pipes: spawn, messages between processes, stop signals."""
