"""Replays what a program did to its files up to a moment, and drops what no sync had made durable by then."""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_HEAD = struct.Struct("<cHqI")
_SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Record:
    """One call: W write, S sync, T truncate, U unlink, R rename."""

    op: str
    name: str
    offset: int
    data: bytes


def read_log(path: Path) -> list[Record]:
    """What `power_cut.c` wrote down, in order."""
    return list(_records(path.read_bytes()))


def _records(content: bytes) -> Iterator[Record]:
    at = 0
    while at < len(content):
        op, name_length, offset, size = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        name = content[at : at + name_length].decode()
        data = content[at + name_length : at + name_length + size]
        at += name_length + size
        yield Record(op.decode(), name, offset, data)


@dataclass(slots=True)
class _File:
    durable: bytearray | None = None
    """None: no sync yet, so after a power cut there may be no such file."""
    unsynced: list[Record] = field(default_factory=list)

    def sync(self) -> None:
        self.durable = self.durable or bytearray()
        for record in self.unsynced:
            _apply(self.durable, record)
        self.unsynced = []

    def after_cut(self, fate: str, chance: random.Random) -> bytes | None:
        if self.durable is None and (fate == "none" or not self.unsynced):
            return None
        content = bytearray(self.durable or b"")
        for record in self.unsynced:
            if fate == "all" or (fate == "some" and chance.random() < 0.5):
                _apply(content, _torn(record, chance) if fate == "some" else record)
        return bytes(content)


def _torn(record: Record, chance: random.Random) -> Record:
    """A disk writes sectors: a longer write may end after any of them."""
    sectors = -(-len(record.data) // _SECTOR_BYTES)
    if sectors < 2 or chance.random() < 0.5:
        return record
    return Record(record.op, record.name, record.offset, record.data[: chance.randrange(1, sectors) * _SECTOR_BYTES])


def _apply(content: bytearray, record: Record) -> None:
    if record.op == "T":
        del content[record.offset :]
        content.extend(bytes(record.offset - len(content)))
        return
    content.extend(bytes(max(0, record.offset - len(content))))
    content[record.offset : record.offset + len(record.data)] = record.data


def cut_power(records: list[Record], into: Path, fate: str, chance: random.Random) -> None:
    """Make the directory as a power cut after these records leaves it.

    `fate` of what was written and not synced: `none` of it is there, `all`, or `some`: any part, in any order of
    arrival, writes torn between sectors. Names (unlink, rename) take hold at once.
    """
    files: dict[str, _File] = {}
    for record in records:
        file = files.setdefault(record.name, _File())
        if record.op == "S":
            file.sync()
        elif record.op == "U":
            del files[record.name]
        elif record.op == "R":
            files[record.data.decode()] = files.pop(record.name)
        else:
            file.unsynced.append(record)
    into.mkdir(parents=True)
    for name, file in files.items():
        content = file.after_cut(fate, chance)
        if content is not None and "/" not in name:
            (into / name).write_bytes(content)
