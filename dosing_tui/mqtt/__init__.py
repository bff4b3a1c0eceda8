"""The only owner of paho: subscribes for the collector and viewers, publishes for the simulator."""
