"""A person at a terminal: a command on a pseudo-terminal, what it shows, and what is typed."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KIOSK = Path(sys.executable).with_name("kiosk")
PATIENCE_SECONDS = 60.0
PRESSED_AGAIN_SECONDS = 15.0


class Conversation:
    """One command's terminal."""

    def __init__(self, terminal: int, process: "subprocess.Popen[bytes]") -> None:
        self._terminal = terminal
        self._process = process
        self.shown = ""
        """All that a person has seen, what was typed and echoed included."""
        self._read_to = 0

    def answer(self, question: str, line: str) -> None:
        """Wait for `question` after what was answered last, and type `line`."""
        self.wait_for(question)
        os.write(self._terminal, f"{line}\n".encode())

    def wait_for(self, text: str) -> None:
        """Wait until `text` is shown."""
        end = time.monotonic() + PATIENCE_SECONDS
        while (at := self.shown.find(text, self._read_to)) < 0:
            assert time.monotonic() < end, f"never shown: {text!r}; shown:\n{self.shown}"
            assert self._read(), f"ended without {text!r}; shown:\n{self.shown}"
        self._read_to = at + len(text)

    def interrupted(self) -> int:
        """Press Ctrl-C; the exit code.

        Python does not hear a signal that comes after a question is shown and before it listens for keys: then a person
        presses again.
        """
        while True:
            os.write(self._terminal, b"\x03")
            try:
                return self._process.wait(PRESSED_AGAIN_SECONDS)
            except subprocess.TimeoutExpired:
                continue

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self._process.wait(PATIENCE_SECONDS)

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], PATIENCE_SECONDS)[0]:
            return False
        try:
            data = os.read(self._terminal, 65536)
        except OSError:
            return False  # Linux says so when the other end is closed
        self.shown += data.decode(errors="replace")
        return bool(data)


@contextmanager
def talking_to(*arguments: str | Path, directory: Path) -> Iterator[Conversation]:
    """`kiosk` with these arguments, in `directory`, at a terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "XDG_STATE_HOME": str(directory / "state")}
    process = subprocess.Popen(
        # With its own session and this terminal, so that Ctrl-C and hidden typing work as for a person. Whoever runs
        # the tests in the background runs them deaf to Ctrl-C, and that is inherited.
        ["env", "--default-signal=INT", "setsid", "--ctty", KIOSK, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=directory,
        env=environment,
    )
    os.close(theirs)
    try:
        yield Conversation(ours, process)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
