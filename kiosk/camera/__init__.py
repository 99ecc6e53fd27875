"""Where frames come from: one file a kind of source, all behind the Protocol `Source`."""
