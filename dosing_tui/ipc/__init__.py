"""Threads, processes and pipes: supervised threads, spawn, messages between processes, stop signals."""
