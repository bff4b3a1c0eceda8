"""cells, colours, formats"""
