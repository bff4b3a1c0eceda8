"""Takes over a database that the guide's SQL made, without losing a row.

Its tables step aside and ours take their names (``relations``, ``carrying``). Then the rows are copied in
slices (``copying``, ``slices``), and what the old aggregate alone still knows is kept (``history``). When the
books of a table balance, the old one is dropped (``finishing``). The plant goes on writing all the while.
"""
