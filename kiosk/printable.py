"""Text from outside, made fit for a terminal and a log: no line of its own, nothing that moves a cursor or a colour."""


def printable(text: str) -> str:
    """`text` on one line, with what a terminal would not simply show written out as Python would: `\\n`, `\\x1b`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
