"""Where sales go: one file a kind of till, all behind the Protocol `Till`."""
