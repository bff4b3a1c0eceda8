"""what the screen knows: queries, their threads, their answers"""
