"""The contract between trainer, device and page: one directory that holds all a model needs to run."""
