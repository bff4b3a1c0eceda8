"""The collector in a process of its own behind the console's, so that a flood of messages never holds the screen."""
