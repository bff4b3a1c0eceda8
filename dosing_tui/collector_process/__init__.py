"""The collector in a process of its own behind the console: a flood of messages never holds the screen."""
