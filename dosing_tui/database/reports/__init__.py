"""database/reports"""
