"""The batch review screen: what it reads, how it is browsed, drawn and answered."""
