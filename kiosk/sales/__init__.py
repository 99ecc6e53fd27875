"""From a decision to the till: the outbox keeps every sale on disk, the courier carries them over."""
