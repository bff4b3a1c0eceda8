"""tui/charts/primitives"""
