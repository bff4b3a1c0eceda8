"""Which tile is where at which size; status bar, footer and alarm banner."""
