"""time range, filters, and what a tile may read"""
