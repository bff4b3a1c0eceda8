"""Settings of one subject each, as ``settings`` has them; they import nothing of ``config``."""
