"""Delivery of notification messages by HTTP, mail or command. The only room with these protocols."""
