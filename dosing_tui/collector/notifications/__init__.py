"""collector/notifications"""
