"""What is known of the stored readings as a whole."""
