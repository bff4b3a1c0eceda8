"""Topics under which stations publish."""
