"""Finds the rows of wanted words in the bytes of a file of vectors, without making a string or a number of the others.

A word is looked up by a hash of its bytes (FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv) in a table with
open addressing; since two words may have the same hash, their bytes are compared too.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.compiler import compiled, compiled_inline
from tasks.kernels.lanes import prefetch

OFFSET_BASIS, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)

UPPER_HALF = np.uint64(0xFFFFFFFF00000000)

EXPONENT = np.uint32(0x7F800000)
"""The bits of a float32 that are all set in NaN and infinity alone."""

SPACE, LINE_BREAK = ord(" "), ord("\n")

ROWS_AHEAD = 2
"""Where a word of word2vec's binary format ends is known only by the end of the word before, so no processor can look
for it ahead. But rows are about as long as each other: the place where the second next word should end is asked for
early, which makes a row take 25 in place of 50 ns."""

EARLIER = 16
"""Bytes. The word that is asked for may begin in the cache line before."""

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]


class Lines(NamedTuple):
    """Lines of a block.

    Attributes:
        starts, ends: int64 [found], where the wanted ones begin, and end after their line break.
        lines: int64 [found], the number of each in the block, from 0.
        words: int32 [found], the number of the word of each.
        seen: lines in the block.
        rest: where the line begins that the block does not end.
        short: the number, from 0, of the first line with too few columns; -1: there is none.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]
    words: NDArray[np.int32]
    seen: int
    rest: int
    short: int


class BinaryRows(NamedTuple):
    """Rows of a block of word2vec's binary format.

    Attributes:
        starts, ends: int64 [found], of the words of the wanted ones; the numbers begin after the blank behind it.
        words: int32 [found], the number of the word of each.
        seen: whole rows in the block.
        rest: where the row begins that the block does not end.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    words: NDArray[np.int32]
    seen: int
    rest: int


class WordTable(NamedTuple):
    """Words by hash.

    Attributes:
        places: uint64, a power of two of them, at least twice as many as there are words: the upper half of a word's
            hash, and in the lower half its number, from 1; 0 where there is none. One look tells most words off.
        text: uint8, the words one after the other.
        offsets: int64 [words + 1], where each begins.
    """

    places: NDArray[np.uint64]
    text: Bytes
    offsets: NDArray[np.int64]


ALL = WordTable(np.empty(0, np.uint64), np.zeros(1, np.uint8), np.zeros(1, np.int64))
"""The table in which every word is, with the number 0."""


def word_table(words: Sequence[str]) -> WordTable:
    """The table of different words; each has the number of its place among them."""
    encoded = [word.encode() for word in words]
    table = WordTable(
        places=np.zeros(1 << max(4, (2 * len(encoded)).bit_length()), np.uint64),
        text=np.frombuffer(b"".join(encoded) + b"\0", np.uint8),
        offsets=np.cumsum([0, *map(len, encoded)]),
    )
    _fill(*table)
    return table


@compiled
def _fill(places: NDArray[np.uint64], text: Bytes, offsets: NDArray[np.int64]) -> None:
    mask = np.uint64(len(places) - 1)
    for word in range(len(offsets) - 1):
        hashed = _hash(text, offsets[word], offsets[word + 1])
        place = hashed & mask
        while places[place]:
            place = (place + np.uint64(1)) & mask
        places[place] = (hashed & UPPER_HALF) | np.uint64(word + 1)


@compiled_inline
def _hash(text: Bytes, start: int, end: int) -> Any:
    hashed = OFFSET_BASIS
    for place in range(start, end):
        hashed = (hashed ^ np.uint64(text[place])) * PRIME
    return hashed


@compiled_inline
def _number(table: WordTable, hashed: Any, block: Bytes, start: int, end: int) -> int:
    """The number of the word that stands in a block; -1 if it is not in the table."""
    if len(table.places) == 0:
        return 0
    mask = np.uint64(len(table.places) - 1)
    place = hashed & mask
    while table.places[place]:
        if (table.places[place] ^ hashed) & UPPER_HALF == np.uint64(0):
            number = int(table.places[place] & ~UPPER_HALF) - 1
            first = table.offsets[number]
            length = table.offsets[number + 1] - first
            equal = 0
            if length == end - start:
                while equal < length and table.text[first + equal] == block[start + equal]:
                    equal += 1
                if equal == length:
                    return number
        place = (place + np.uint64(1)) & mask
    return -1


@compiled
def scan_lines(text: Bytes, dim: int, separator: int, table: WordTable) -> Lines:
    """The lines of a block of text whose word is in the table.

    Args:
        text: uint8 [n].
        dim: numbers a line; a word with blanks in it is what stands before the last `dim` columns.
        separator: between columns.
        table: see `word_table`.
    """
    most = len(text) // (2 * dim + 1) + 1
    starts, ends, lines = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    words = np.empty(most, np.int32)
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
            number = _number(table, _hash(text, start, word_end), text, start, word_end)
            if number >= 0:
                starts[found], ends[found], lines[found], words[found] = start, end + 1, seen, number
                found += 1
        seen += 1
        start = end + 1
    return Lines(starts[:found], ends[:found], lines[:found], words[:found], seen, start, short)


@compiled
def scan_binary(block: Bytes, dim: int, rows: int, longest: int, table: WordTable) -> BinaryRows:
    """The rows of a block of word2vec's binary format whose word is in the table.

    Args:
        block: uint8 [n].
        dim: numbers a row, four bytes each.
        rows: that are still to come.
        longest: bytes that a word may have.
        table: see `word_table`.

    Returns:
        `rest` is -1 where a word does not end within `longest` bytes.
    """
    most = min(rows, len(block) // (4 * dim + 1) + 1)
    starts, ends, words = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int32)
    found = seen = start = 0
    size = len(block)
    one_row = block.reshape(1, size)
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
                return BinaryRows(starts[:found], ends[:found], words[:found], seen, -1)
        if end + 1 + 4 * dim > size:
            break
        ahead = end + ROWS_AHEAD * (end + 1 + 4 * dim - start)
        prefetch(one_row, 0, ahead - EARLIER)
        prefetch(one_row, 0, ahead)
        number = _number(table, hashed, block, begin, end)
        if number >= 0:
            starts[found], ends[found], words[found] = begin, end, number
            found += 1
        seen += 1
        start = end + 1 + 4 * dim
    return BinaryRows(starts[:found], ends[:found], words[:found], seen, start)


@compiled
def take_new(words: NDArray[np.int32], taken: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Which of some words come for the first time.

    Args:
        words: int32 [found], their numbers.
        taken: bool, for each number whether it came before; written.

    Returns:
        int64 [new], places in `words`.
    """
    new, count = np.empty(len(words), np.int64), 0
    for place in range(len(words)):
        if not taken[words[place]]:
            taken[words[place]] = True
            new[count] = place
            count += 1
    return new[:count]


@compiled
def copy_numbers(block: Bytes, starts: Places, rows: NDArray[np.float32]) -> int:
    """Copies float32 numbers, little-endian and at any place, into rows.

    Args:
        block: uint8 [n].
        starts: int64 [rows], where the numbers of each begin.
        rows: float32 [rows, dim], written.

    Returns:
        The first row that holds NaN or infinity, -1 if there is none.
    """
    size = 4 * rows.shape[1]
    wrong = -1
    for row in range(len(rows)):
        numbers, target = block[starts[row] : starts[row] + size], rows[row].view(np.uint8)
        for byte in range(size):
            target[byte] = numbers[byte]
        not_finite = 0
        for bits in rows[row].view(np.uint32):
            not_finite += (bits & EXPONENT) == EXPONENT
        if not_finite and wrong < 0:
            wrong = row
    return wrong
