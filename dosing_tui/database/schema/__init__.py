"""database/schema"""
