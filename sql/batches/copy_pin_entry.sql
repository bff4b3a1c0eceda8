-- Enter a PIN, or a new one: as data of a COPY it reaches no log.
COPY pin_entry (who, pin, new_pin) FROM STDIN (FORMAT BINARY)
