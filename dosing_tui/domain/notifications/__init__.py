"""Notification policy and channel status. No I/O."""
