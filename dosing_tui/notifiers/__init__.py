"""Delivery of messages by HTTP, mail or command, and anchors in saved mails. No other room has these protocols."""
