"""Single chart elements: bars, gauges, axes, sparklines. Pure."""
