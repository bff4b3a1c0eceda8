"""What was done to pumps and scales, entered at the console."""
