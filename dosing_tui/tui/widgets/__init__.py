"""Widgets: they show what they are given, and do no input or output of their own."""
