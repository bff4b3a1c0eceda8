""""Where is a key bound?""""
