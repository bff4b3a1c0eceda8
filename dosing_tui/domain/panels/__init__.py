"""one declaration per panel; what a panel may be filtered by"""
