"""hash chain and PINs (type alias Session moves to database/connection.py)"""
