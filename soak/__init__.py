"""Load and faults: what the application survives, measured by a run (``make soak``).

The clients (:mod:`soak.clients`) run in a process and an environment of their own; everything
else runs beside the embedded AWS, which it may kill.
"""
