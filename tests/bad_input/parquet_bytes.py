"""Parquet's own words, taken apart and put together again: Thrift's compact protocol.

A struct is a dict of field number to [type, value]; a list is [type of its elements, elements].
Enough to let a file say of itself what is not so. Source: thrift-compact-protocol.md and
parquet.thrift of the Apache projects.
"""

from typing import Any

TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 7, 8, 9, 10, 12

# FileMetaData, SchemaElement, RowGroup, ColumnChunk, ColumnMetaData, PageHeader: fields by number.
SCHEMA, ROWS, GROUPS = 2, 3, 4
TYPE, REPETITION, CHILDREN, CONVERTED = 1, 3, 5, 6
COLUMNS, BYTES, GROUP_ROWS = 1, 2, 3
META = 3
ENCODINGS, CODEC, VALUES, UNCOMPRESSED, COMPRESSED, DATA_AT, DICTIONARY_AT = 2, 4, 5, 6, 7, 9, 11
PAGE_TYPE, PAGE_UNCOMPRESSED, PAGE_COMPRESSED, DATA_PAGE, DICTIONARY_PAGE = 1, 2, 3, 5, 7


class Reader:
    """Reads structs from bytes, and knows how far it has come."""

    def __init__(self, content: bytes, at: int = 0) -> None:
        self.content, self.at = content, at

    def byte(self) -> int:
        self.at += 1
        return self.content[self.at - 1]

    def varint(self) -> int:
        found = shift = 0
        while True:
            byte = self.byte()
            found |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return found

    def struct(self) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {}
        number = 0
        while head := self.byte():
            kind, step = head & 0xF, head >> 4
            number = number + step if step else unzigzag(self.varint())
            found[number] = [kind, kind == TRUE if kind in {TRUE, FALSE} else self.value(kind)]
        return found

    def value(self, kind: int) -> Any:
        if kind in {TRUE, FALSE, BYTE}:
            return self.byte()
        if kind in {DOUBLE, BINARY}:
            size = 8 if kind == DOUBLE else self.varint()
            self.at += size
            return self.content[self.at - size : self.at]
        if kind in {LIST, SET}:
            head = self.byte()
            count = self.varint() if head >> 4 == 15 else head >> 4
            return [head & 0xF, [self.value(head & 0xF) for _ in range(count)]]
        return self.struct() if kind == STRUCT else unzigzag(self.varint())


def unzigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def varint(number: int) -> bytes:
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def written(struct: dict[int, list[Any]]) -> bytes:
    """Return a struct as bytes."""
    found = bytearray()
    for number, (kind, value) in struct.items():
        told = (TRUE if value else FALSE) if kind in {TRUE, FALSE} else kind
        found += bytes([told]) + varint(zigzag(number))
        if kind not in {TRUE, FALSE}:
            found += _value(kind, value)
    return bytes(found) + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in {TRUE, FALSE, BYTE}:
        return bytes([value])
    if kind in {DOUBLE, BINARY}:
        return value if kind == DOUBLE else varint(len(value)) + value
    if kind in {LIST, SET}:
        inside, elements = value
        return bytes([0xF0 | inside]) + varint(len(elements)) + b"".join(
            _value(inside, one) for one in elements
        )  # fmt: skip
    return written(value) if kind == STRUCT else varint(zigzag(value))


def zigzag(number: int) -> int:
    return (number << 1) ^ (number >> 63)


def footer_of(content: bytes) -> tuple[int, dict[int, list[Any]]]:
    """Return where a file's footer begins, and what it says."""
    size = int.from_bytes(content[-8:-4], "little")
    begins = len(content) - 8 - size
    return begins, Reader(content, begins).struct()


def with_footer(content: bytes, footer: dict[int, list[Any]]) -> bytes:
    """Return the file with another footer."""
    begins, _ = footer_of(content)
    told = written(footer)
    return content[:begins] + told + len(told).to_bytes(4, "little") + b"PAR1"
