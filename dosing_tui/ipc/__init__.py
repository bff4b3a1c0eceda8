"""processes and pipes of our own"""
