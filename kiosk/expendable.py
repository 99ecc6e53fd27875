"""What may be killed for want of memory before the kiosk itself is."""

from contextlib import suppress
from pathlib import Path


def die_first() -> None:
    """If memory runs out, the kernel kills this process rather than the one that sells: see proc(5), oom_score_adj."""
    with suppress(OSError):  # another system, or a /proc that is shut: the kernel's own choice then
        Path("/proc/self/oom_score_adj").write_text("1000")
