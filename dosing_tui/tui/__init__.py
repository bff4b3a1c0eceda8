"""The operator's screen: the only owner of textual."""
