"""What the collector hears of the stations themselves: status topics and sequence numbers."""
