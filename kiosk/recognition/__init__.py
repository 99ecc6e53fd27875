"""From a frame to a decision: preprocessing, inference, voting. No clock, no thread, no I/O but the model file."""
