"""Diagnosis of an installation: facts are read by each room, judged here, one module for each theme."""
