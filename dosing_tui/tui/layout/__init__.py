"""which tile is where"""
