"""review by exception. Pure"""
