"""Delivery of messages by HTTP, mail or command, and anchors in saved mails: the only room for both."""
