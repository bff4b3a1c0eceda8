"""ranges, shifts, DST. Pure"""
