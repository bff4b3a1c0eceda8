"""tui/tiles/shared"""
