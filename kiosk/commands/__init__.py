"""One file a command: its options, their help, and what it runs.

Each imports what it needs only when it is asked for, so that `--help` answers at once.
"""
