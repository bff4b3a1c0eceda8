"""What the site decides: frozen settings, read once from TOML and environment, then passed in."""
