"""How many images a second a trial trains on, beside the bare loop and a plain one."""
