"""Ways to tell people of alarms: by HTTP, by mail, by a command. The only room that knows these."""
