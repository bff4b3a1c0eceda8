"""Where keys are bound, and how the footer and the help describe them."""
