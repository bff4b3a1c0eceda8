"""Charts as pure functions: values and a size in, cells out. No widget, no clock, no state."""
