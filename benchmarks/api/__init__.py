"""How the API answers many users at once, beside a search that trains on every core."""
