"""Finds the rows of wanted words in the bytes of a file of vectors, without making a string or a number of the others.

A word is told by a hash of its bytes (FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv), looked up in a table
with open addressing. Two words may have the same hash, so whoever asks compares the words that are found.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.compiler import compiled, compiled_inline

OFFSET_BASIS, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)

EMPTY = np.uint64(0)
"""A place of the table that holds no hash. Of 2^64 words one has this hash: it would be found always, never missed."""

SPACE, TAB, LINE_BREAK = ord(" "), ord("\t"), ord("\n")

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class Lines(NamedTuple):
    """Lines of a block.

    Attributes:
        starts, ends: int64 [found], where the wanted ones begin, and end after their line break.
        numbers: int64 [found], the number of each in the block, from 0.
        seen: lines in the block.
        rest: where the line begins that the block does not end.
        short: the number, from 0, of the first line with too few columns; -1: there is none.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    numbers: NDArray[np.int64]
    seen: int
    rest: int
    short: int


class BinaryRows(NamedTuple):
    """Rows of a block of word2vec's binary format.

    Attributes:
        starts, ends: int64 [found], of the words of the wanted ones; the numbers begin after the blank behind it.
        seen: whole rows in the block.
        rest: where the row begins that the block does not end.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    seen: int
    rest: int


ALL = np.empty(0, np.uint64)
"""The table in which every word is."""


def hash_table(words: Collection[str]) -> Hashes:
    """The table of the words' hashes: uint64, a power of two of places, at least twice as many as there are words."""
    encoded = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, encoded)])
    size = 1 << max(4, (2 * len(encoded)).bit_length())
    return _filled(np.frombuffer(b"".join(encoded) + b"\0", np.uint8), offsets, np.zeros(size, np.uint64))


@compiled
def _filled(text: Bytes, offsets: NDArray[np.int64], table: Hashes) -> Hashes:
    mask = np.uint64(len(table) - 1)
    for word in range(len(offsets) - 1):
        hashed = _hash(text, offsets[word], offsets[word + 1])
        place = hashed & mask
        while table[place] != EMPTY and table[place] != hashed:
            place = (place + np.uint64(1)) & mask
        table[place] = hashed
    return table


@compiled_inline
def _hash(text: Bytes, start: int, end: int) -> Any:
    hashed = OFFSET_BASIS
    for place in range(start, end):
        hashed = (hashed ^ np.uint64(text[place])) * PRIME
    return hashed


@compiled_inline
def _is_in(table: Hashes, hashed: Any) -> bool:
    if len(table) == 0:
        return True
    mask = np.uint64(len(table) - 1)
    place = hashed & mask
    while table[place] != EMPTY and table[place] != hashed:
        place = (place + np.uint64(1)) & mask
    return bool(table[place] == hashed)


@compiled
def scan_lines(text: Bytes, dim: int, separator: int, table: Hashes) -> Lines:
    """The lines of a block of text whose word is in the table.

    Args:
        text: uint8 [n].
        dim: numbers a line; a word with blanks in it is what stands before the last `dim` columns.
        separator: between columns.
        table: see `hash_table`.
    """
    most = len(text) // (2 * dim + 1) + 1
    starts, ends, numbers = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    found = seen = start = 0
    short = -1
    size = len(text)
    while start < size:
        blanks = first = 0
        end = start
        while end < size and text[end] != LINE_BREAK:
            if text[end] == separator:
                if blanks == 0:
                    first = end
                blanks += 1
            end += 1
        if end == size:
            break
        last = end  # blanks before the line break separate nothing
        while last > start and (text[last - 1] == separator or text[last - 1] == 13):
            blanks -= int(text[last - 1] == separator)
            last -= 1
        if blanks < dim:
            if short < 0:
                short = seen
        else:
            word_end = first
            while blanks > dim:  # a word with blanks in it
                word_end += 1
                while text[word_end] != separator:
                    word_end += 1
                blanks -= 1
            if _is_in(table, _hash(text, start, word_end)):
                starts[found], ends[found], numbers[found] = start, end + 1, seen
                found += 1
        seen += 1
        start = end + 1
    return Lines(starts[:found], ends[:found], numbers[:found], seen, start, short)


@compiled
def scan_binary(block: Bytes, dim: int, rows: int, longest: int, table: Hashes) -> BinaryRows:
    """The rows of a block of word2vec's binary format whose word is in the table.

    Args:
        block: uint8 [n].
        dim: numbers a row, four bytes each.
        rows: that are still to come.
        longest: bytes that a word may have.
        table: see `hash_table`.

    Returns:
        `rest` is -1 where a word does not end within `longest` bytes.
    """
    most = min(rows, len(block) // (4 * dim + 1) + 1)
    starts, ends = np.empty(most, np.int64), np.empty(most, np.int64)
    found = seen = start = 0
    size = len(block)
    while seen < rows:
        begin = start
        while begin < size and block[begin] == LINE_BREAK:
            begin += 1
        hashed = OFFSET_BASIS
        end = begin
        while end < size and block[end] != SPACE:
            hashed = (hashed ^ np.uint64(block[end])) * PRIME
            end += 1
            if end - begin > longest:
                return BinaryRows(starts[:found], ends[:found], seen, -1)
        if end + 1 + 4 * dim > size:
            break
        if _is_in(table, hashed):
            starts[found], ends[found] = begin, end
            found += 1
        seen += 1
        start = end + 1 + 4 * dim
    return BinaryRows(starts[:found], ends[:found], seen, start)
