"""The local server: the page, the bundle's files for it, its API and event stream. It looks on, and takes sales."""
