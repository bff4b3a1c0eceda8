"""broker -> spool -> database, in this order"""
