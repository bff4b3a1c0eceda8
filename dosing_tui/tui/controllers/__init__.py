"""plain objects; today an 8-deep App inheritance chain"""
