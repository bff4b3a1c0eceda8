"""An exception ends neither the console nor more of it than the part that it happened in."""
