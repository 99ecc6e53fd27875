"""One file a command: its options, their help, and what it runs."""
