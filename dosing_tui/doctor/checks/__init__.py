"""The checks by theme: pure rules on facts, and the probes of what no other room reads."""
