"""Vector registers as values of compiled code: `Lanes`, 16 float32 numbers, and `Tile`, some Lanes side by side.

LLVM turns a plain loop over a row into vector instructions, but it keeps no block of rows in registers while another
loop runs, and that is what a training step needs. So kernels name their registers; all else stays Python: loops,
indices, conditions.

A tile has some Lanes, for example one for each output of a window (the center and its negatives). A block has the
Lanes of such a tile, `many`, once for each Lanes of another, `side`: what is read into one register then serves several
times, and reading is what a step would wait for. A few accumulators more also hide how long a multiply-add takes.

On a processor with narrower registers LLVM makes two or four of each Lanes, and what does not fit goes to memory, so
AT_ONCE says how large a side is of use. Every sum has a fixed order, whatever the block, and every multiply-add is
fused, so no result depends on the processor.

The functions are for compiled code only, and nothing checks bounds.
"""

import functools
import inspect
import math
import os
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

WIDTH = 16
"""float32 numbers of one Lanes: a 64-byte cache line, and the widest vector register there is."""

FLOAT, INT32, INT64, BYTE = ir.FloatType(), ir.IntType(32), ir.IntType(64), ir.IntType(8)
VECTOR, INTEGERS = ir.VectorType(FLOAT, WIDTH), ir.VectorType(INT32, WIDTH)


REGISTERS_WANTED = "avx512f"
"""The feature of a processor with 32 registers of a whole Lanes each."""


def _at_once() -> int:
    """2 where numba compiles for such registers, else 1: a block of 12 Lanes would fill the 16 half ones of AVX2."""
    asked = os.environ.get("NUMBA_CPU_FEATURES")  # numba takes it in place of the features that are there
    if asked is not None:
        return 1 + (f"+{REGISTERS_WANTED}" in asked.split(","))
    return 1 + bool(get_host_cpu_features().get(REGISTERS_WANTED))


AT_ONCE = _at_once()
"""How many contexts, or columns, a block should have. Measured on one thread, dim 100, 30 words: 2 in
place of 1 makes 14.0 M in place of 9.8 M pairs a second with AVX-512, and 8.5 M in place of 9.9 M for Haswell."""


class LanesType(types.Type):
    """16 float32 numbers in a register."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


class TileType(types.Type):
    """`count` Lanes."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(name=f"Tile({count})")


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: LanesType) -> None:
        super().__init__(manager, kind, VECTOR)  # type: ignore[no-untyped-call]


@register_model(TileType)
class _TileModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: TileType) -> None:
        super().__init__(manager, kind, ir.ArrayType(VECTOR, kind.count))  # type: ignore[no-untyped-call]


# What an instruction takes and gives: its annotations.
Table = Annotated[Any, "a C-contiguous float32 array [rows, width]; its columns count numbers, not Lanes"]
Rows = Annotated[Any, "a C-contiguous int64 array [windows, outputs]: rows of a table"]
Numbers = Annotated[Any, "an array [n]"]
Index = Annotated[Any, "an integer"]
Count = Annotated[Any, "an integer that the compiler knows"]
Number = Annotated[Any, "a float32 number"]
Lanes = Annotated[Any, "Lanes"]
Tile = Annotated[Any, "a tile"]
Starts = Annotated[Any, "the addresses of some rows"]
Block = Annotated[Any, "a block of all other tiles that are taken: Lanes i of its part b is number b * many + i"]

FIXED: Any = {Index: types.int64, Number: types.float32, Lanes: LanesType(), None: types.void}
"""The kinds of argument and result that are one numba type; a table, rows and a tile take theirs from the call."""


def instruction(write: Callable[..., Any]) -> Any:
    """Makes a function of compiled code out of one that writes its LLVM instructions at each place that calls it.

    `write` gets the builder and the values of the arguments (a numba array structure for a table and rows); its
    annotations are the types. A tile that is a result has the count of the first tile, or of the literal `count`, among
    the arguments, and so have starts; a block has the product of the counts of all tiles among them.
    """
    parameters = list(inspect.signature(write).parameters.values())[1:]
    result = inspect.signature(write).return_annotation

    def typed(typing_context: Any, *given: Any) -> Any:
        takes = [FIXED.get(each.annotation, kind) for each, kind in zip(parameters, given, strict=True)]
        gives = FIXED.get(result)
        if result == Tile:
            sizes = zip(parameters, given, strict=True)
            gives = next(_tile(kind) for each, kind in sizes if each.annotation in (Count, Tile))
        elif result == Starts:
            sizes = zip(parameters, given, strict=True)
            count = next(kind.count for each, kind in sizes if each.annotation == Tile)
            gives = types.UniTuple(types.int64, count)  # type: ignore[no-untyped-call]
        elif result == Block:
            sizes = zip(parameters, given, strict=True)
            gives = TileType(math.prod(kind.count for each, kind in sizes if each.annotation == Tile))

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            def argument(kind: Any, value: Any) -> Any:
                if isinstance(kind, types.Array):
                    return context.make_array(kind)(context, builder, value)
                return kind.literal_value if isinstance(kind, types.IntegerLiteral) else value

            found = write(builder, *map(argument, signature.args, values))
            if isinstance(found, list):
                found = _packed(builder, found)
            return context.get_dummy_value() if found is None else found

        return gives(*takes), generate

    functools.update_wrapper(typed, write)
    del typed.__wrapped__  # type: ignore[attr-defined]
    names = [inspect.Parameter(each.name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for each in parameters]
    context = inspect.Parameter("typing_context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    typed.__signature__ = inspect.Signature([context, *names])  # type: ignore[attr-defined]
    return intrinsic(prefer_literal=True)(typed)


def _tile(kind: Any) -> TileType:
    return kind if isinstance(kind, TileType) else TileType(kind.literal_value)


def _packed(builder: Any, values: Sequence[Any]) -> Any:
    tile = ir.Constant(ir.ArrayType(values[0].type, len(values)), ir.Undefined)
    for number, value in enumerate(values):
        tile = builder.insert_value(tile, value, number)
    return tile


def _unpacked(builder: Any, tile: Any) -> list[Any]:
    return [builder.extract_value(tile, number) for number in range(tile.type.count)]


def _number(value: float) -> Any:
    return ir.Constant(VECTOR, [value] * WIDTH)


def _address(builder: Any, table: Any, row: Any, column: Any) -> Any:
    width = builder.extract_value(table.shape, 1)
    return builder.gep(table.data, [builder.add(builder.mul(row, width), column)])


def _row_addresses(
    builder: Any, table: Any, rows: Any, window: Any, column: Any, count: int, side: int = 1
) -> list[Any]:
    """Of `count` rows at so many columns side by side: all of the first column come first."""
    first = builder.mul(window, builder.extract_value(rows.shape, 1))
    places = [builder.gep(rows.data, [builder.add(first, ir.Constant(INT64, number))]) for number in range(count)]
    starts = [_address(builder, table, builder.load(place), column) for place in places]
    return [start for each in range(side) for start in _beside(builder, starts, each)]


def _beside(builder: Any, addresses: Sequence[Any], number: int) -> list[Any]:
    """The addresses so many Lanes further on."""
    return [builder.gep(address, [ir.Constant(INT64, number * WIDTH)]) for address in addresses]


def _at(builder: Any, starts: Any, column: Any) -> list[Any]:
    """The addresses of a column of rows that start there."""
    pointers = (builder.inttoptr(start, FLOAT.as_pointer()) for start in _unpacked(builder, starts))
    return [builder.gep(pointer, [column]) for pointer in pointers]


def _load(builder: Any, address: Any) -> Any:
    return builder.load(builder.bitcast(address, VECTOR.as_pointer()), align=4)


def _store(builder: Any, value: Any, address: Any) -> None:
    builder.store(value, builder.bitcast(address, VECTOR.as_pointer()), align=4)


def _prefetch(builder: Any, address: Any, written: bool = True) -> None:
    pointer = BYTE.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer, INT32, INT32, INT32])
    to_write, near, of_data = (ir.Constant(INT32, number) for number in (int(written), 3, 1))
    address = builder.bitcast(address, pointer)
    builder.call(_declared(builder, kind, "llvm.prefetch.p0"), [address, to_write, near, of_data])


def _spread(builder: Any, number: Any) -> Any:
    undefined = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(INT32, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(INTEGERS, [0] * WIDTH))


def _call(builder: Any, name: str, *values: Any) -> Any:
    """LLVM's own function of that name on vectors."""
    kind = ir.FunctionType(VECTOR, [VECTOR] * len(values))
    return builder.call(_declared(builder, kind, f"llvm.{name}.v{WIDTH}f32"), values)


def _declared(builder: Any, kind: Any, name: str) -> Any:
    return cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]


def _numbers_of(builder: Any, table: Any, row: Any, count: int) -> list[Any]:
    """The first `count` numbers of a row, each in all lanes."""
    columns = (ir.Constant(INT64, number) for number in range(count))
    return [_spread(builder, builder.load(_address(builder, table, row, column))) for column in columns]


@instruction
def zeros(builder: Any, count: Count) -> Tile:
    """All zero."""
    return [_number(0.0)] * count


@instruction
def spread(builder: Any, number: Number) -> Lanes:
    """The same number in every lane."""
    return _spread(builder, number)


@instruction
def load(builder: Any, table: Table, row: Index, column: Index) -> Lanes:
    """table[row, column : column + WIDTH]"""
    return _load(builder, _address(builder, table, row, column))


@instruction
def store(builder: Any, table: Table, row: Index, column: Index, lanes: Lanes) -> None:
    """table[row, column : column + WIDTH] = lanes"""
    _store(builder, lanes, _address(builder, table, row, column))


@instruction
def load_rows(builder: Any, like: Tile, table: Table, rows: Rows, window: Index, column: Index) -> Tile:
    """tile[i] = table[rows[window, i], column : column + WIDTH], as many as `like` has."""
    count = like.type.count
    return [_load(builder, each) for each in _row_addresses(builder, table, rows, window, column, count)]


@instruction
def load_columns(builder: Any, like: Tile, table: Table, row: Index, column: Index) -> Tile:
    """tile[b] = Lanes b of table[row, column :], as many as `like` has."""
    start = _address(builder, table, row, column)
    return [_load(builder, each) for number in range(like.type.count) for each in _beside(builder, [start], number)]


@instruction
def row_starts(builder: Any, like: Tile, table: Table, rows: Rows, window: Index) -> Starts:
    """Where table[rows[window, i]] begins, as many i as `like` has, for a loop that writes rows of the table: LLVM does
    not know that the numbers in `rows` stay what they are, and would look them up at every column."""
    addresses = _row_addresses(builder, table, rows, window, ir.Constant(INT64, 0), like.type.count)
    return [builder.ptrtoint(each, INT64) for each in addresses]


@instruction
def load_at(builder: Any, like: Tile, starts: Starts, column: Index) -> Tile:
    """tile[i] = column : column + WIDTH of row i; `like` has as many Lanes as there are rows."""
    return [_load(builder, each) for each in _at(builder, starts, column)]


@instruction
def add_at(builder: Any, starts: Starts, column: Index, tile: Tile) -> None:
    """Row i's column : column + WIDTH += tile[i], one i after the other: a row may be named twice."""
    for address, vector in zip(_at(builder, starts, column), _unpacked(builder, tile), strict=True):
        _store(builder, builder.fadd(_load(builder, address), vector), address)


@instruction
def load_below(builder: Any, like: Tile, table: Table, row: Index, column: Index) -> Tile:
    """tile[i] = table[row + i, column : column + WIDTH], as many as `like` has."""
    rows = (builder.add(row, ir.Constant(INT64, number)) for number in range(like.type.count))
    return [_load(builder, _address(builder, table, each, column)) for each in rows]


@instruction
def store_below(builder: Any, table: Table, row: Index, column: Index, tile: Tile) -> None:
    """table[row + i, column : column + WIDTH] = tile[i]"""
    for number, vector in enumerate(_unpacked(builder, tile)):
        _store(builder, vector, _address(builder, table, builder.add(row, ir.Constant(INT64, number)), column))


@instruction
def store_columns(builder: Any, table: Table, row: Index, column: Index, tile: Tile) -> None:
    """Lanes b of table[row, column :] = tile[b]"""
    start = _address(builder, table, row, column)
    for number, vector in enumerate(_unpacked(builder, tile)):
        _store(builder, vector, *_beside(builder, [start], number))


@instruction
def add_tiles(builder: Any, one: Tile, other: Tile) -> Tile:
    """one + other"""
    both = zip(_unpacked(builder, one), _unpacked(builder, other), strict=True)
    return [builder.fadd(*each) for each in both]


@instruction
def scale_tile(builder: Any, tile: Tile, lanes: Lanes) -> Tile:
    """tile[i] * lanes"""
    return [builder.fmul(each, lanes) for each in _unpacked(builder, tile)]


@instruction
def spread_numbers(builder: Any, like: Tile, numbers: Table, row: Index) -> Tile:
    """tile[i] = numbers[row, i] in every lane, as many as `like` has."""
    return _numbers_of(builder, numbers, row, like.type.count)


@instruction
def empty_block(builder: Any, many: Tile, side: Tile) -> Block:
    """All zero."""
    return [_number(0.0)] * (many.type.count * side.type.count)


@instruction
def load_block(builder: Any, many: Tile, side: Tile, table: Table, rows: Rows, window: Index, column: Index) -> Block:
    """block[b, i] = Lanes b of table[rows[window, i], column :]; `many` and `side` say how many i and b."""
    addresses = _row_addresses(builder, table, rows, window, column, many.type.count, side.type.count)
    return [_load(builder, each) for each in addresses]


@instruction
def add_block(
    builder: Any, many: Tile, side: Tile, table: Table, rows: Rows, window: Index, column: Index, block: Block
) -> None:
    """Lanes b of table[rows[window, i], column :] += block[b, i], one i after the other: a row may be named twice."""
    addresses = _row_addresses(builder, table, rows, window, column, many.type.count, side.type.count)
    for address, vector in zip(addresses, _unpacked(builder, block), strict=True):
        _store(builder, builder.fadd(_load(builder, address), vector), address)


@instruction
def add_outer(builder: Any, block: Block, many: Tile, side: Tile) -> Block:
    """block[b, i] + side[b] * many[i]"""
    vectors = iter(_unpacked(builder, block))
    each = _unpacked(builder, many)
    return [_call(builder, "fma", one, other, next(vectors)) for one in _unpacked(builder, side) for other in each]


@instruction
def add_inner(builder: Any, side: Tile, many: Tile, block: Block) -> Tile:
    """side[b] + Σ_i many[i] * block[b, i]"""
    vectors = iter(_unpacked(builder, block))
    sums = _unpacked(builder, side)
    for number, total in enumerate(sums):
        for factor in _unpacked(builder, many):
            total = _call(builder, "fma", factor, next(vectors), total)
        sums[number] = total
    return sums


def _parts(many: int, side: int) -> list[list[int]]:
    """Which Lanes of a tile of `many` each of `side` has a part in: of the first ones its own, then, of those that are
    shared, all but side - 1: the stretch that begins one later than that of the Lanes before."""
    return [[each, *range(side + each, many - side + each + 1)] for each in range(side)]


@instruction
def add_outer_parts(builder: Any, block: Block, many: Tile, side: Tile) -> Block:
    """block[b, i] + side[b] * many[i] for the i that b has a part in (`_parts`), else block[b, i]."""
    vectors, each = _unpacked(builder, block), _unpacked(builder, many)
    for b, one in enumerate(_unpacked(builder, side)):
        for i in _parts(len(each), side.type.count)[b]:
            place = b * len(each) + i
            vectors[place] = _call(builder, "fma", one, each[i], vectors[place])
    return vectors


@instruction
def spread_block(builder: Any, many: Tile, side: Tile, numbers: Table, row: Index) -> Block:
    """block[b, i] = numbers[row + b, i] in every lane."""
    rows = (builder.add(row, ir.Constant(INT64, each)) for each in range(side.type.count))
    return [lanes for each in rows for lanes in _numbers_of(builder, numbers, each, many.type.count)]


@instruction
def outer_parts(builder: Any, like: Tile, factors: Block, side: Tile) -> Tile:
    """tile[i] = Σ_b factors[b, i] * side[b], as many i as `like` has, over the b that have a part in it (`_parts`)."""
    count, vectors = like.type.count, _unpacked(builder, factors)
    sums: list[Any] = [None] * count
    for b, one in enumerate(_unpacked(builder, side)):
        for i in _parts(count, side.type.count)[b]:
            factor = vectors[b * count + i]
            sums[i] = builder.fmul(factor, one) if sums[i] is None else _call(builder, "fma", factor, one, sums[i])
    return sums


@instruction
def inner_parts(builder: Any, like: Tile, factors: Block, many: Tile) -> Tile:
    """tile[b] = Σ_i factors[b, i] * many[i], as many b as `like` has, over the i that b has a part in (`_parts`)."""
    each, vectors = _unpacked(builder, many), _unpacked(builder, factors)
    sums = [_number(0.0)] * like.type.count
    for b, parts in enumerate(_parts(len(each), like.type.count)):
        for i in parts:
            sums[b] = _call(builder, "fma", vectors[b * len(each) + i], each[i], sums[b])
    return sums


@instruction
def store_sums(builder: Any, many: Tile, side: Tile, block: Block, numbers: Table, row: Index) -> None:
    """numbers[row + b, i] = the sum of block[b, i]: lanes eight apart are added, then four, two, one apart.

    It writes `numbers_stored(many)` numbers a row, those after the tile's own zero, and zeros after the last row up to
    whole Lanes: who reads them as Lanes soon after would wait for the memory if they had been written in parts.
    """
    count = many.type.count
    vectors = _unpacked(builder, block)
    sums: list[Any] = []
    for number in range(side.type.count):
        part = vectors[number * count : (number + 1) * count]
        part += [_number(0.0)] * (numbers_stored(count) - count)
        sums += [_sums(builder, part[first : first + WIDTH]) for first in range(0, len(part), WIDTH)]
    start = _address(builder, numbers, row, ir.Constant(INT64, 0))
    for place, lanes in enumerate(_joined(builder, sums)):
        _store(builder, lanes, *_beside(builder, [start], place))


def _joined(builder: Any, parts: list[Any]) -> list[Any]:
    """Vectors of a Lanes or less, one after the other, as whole Lanes; the last is filled up with zeros."""
    size = parts[0].type.count
    parts = parts + [ir.Constant(parts[0].type, [0.0] * size)] * (-len(parts) % (WIDTH // size))
    while parts[0].type.count < WIDTH:
        lanes = list(range(2 * parts[0].type.count))
        parts = [_shuffled(builder, *couple, lanes) for couple in zip(parts[::2], parts[1::2], strict=True)]
    return parts


def numbers_stored(count: int) -> int:
    """How many numbers a row `store_sums` writes for a tile of `count`: a part of a Lanes, or whole ones."""
    return 1 << (count - 1).bit_length() if count < WIDTH else -(-count // WIDTH) * WIDTH


def _sums(builder: Any, vectors: list[Any]) -> Any:
    """The sum of each of 1, 2, 4, 8 or 16 vectors, as one vector.

    The numbers of one sum stand in `lanes` lanes side by side. In each round their upper half is added to their lower
    half. While there are two vectors or more, two become one, so that no lane is idle; `owners` says, for each vector,
    to which sums its groups of lanes belong.
    """
    numbers = range(len(vectors))
    owners = [[number] for number in numbers]
    lanes = WIDTH
    while lanes > 1:
        groups = range(len(owners[0]))
        sides = (0, len(groups) * lanes) if len(vectors) > 1 else (0,)
        starts = [side + group * lanes for group in groups for side in sides]
        lanes //= 2
        low = [start + lane for start in starts for lane in range(lanes)]
        high = [lane + lanes for lane in low]
        couples = list(zip(vectors[:: len(sides)], vectors[len(sides) - 1 :: len(sides)], strict=True))
        vectors = [
            builder.fadd(_shuffled(builder, *couple, low), _shuffled(builder, *couple, high)) for couple in couples
        ]
        if len(sides) > 1:
            pairs = zip(owners[::2], owners[1::2], strict=True)
            owners = [[owner for both in zip(*pair, strict=True) for owner in both] for pair in pairs]
    return _shuffled(builder, vectors[0], vectors[0], [owners[0].index(number) for number in numbers])


def _shuffled(builder: Any, one: Any, other: Any, lanes: list[int]) -> Any:
    return builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(INT32, len(lanes)), lanes))


@instruction
def prefetch(builder: Any, table: Table, row: Index, column: Index) -> None:
    """Asks for a cache line that is going to be changed to be brought near."""
    _prefetch(builder, _address(builder, table, row, column))


@instruction
def prefetch_number(builder: Any, numbers: Numbers, place: Index) -> None:
    """Asks for the cache line of numbers[place], which is going to be read alone."""
    _prefetch(builder, builder.gep(numbers.data, [place]), written=False)


@instruction
def prefetch_at(builder: Any, starts: Starts, column: Index) -> None:
    """Asks for a cache line of each row, as `prefetch` does for one."""
    for address in _at(builder, starts, column):
        _prefetch(builder, address)


@instruction
def add(builder: Any, one: Lanes, other: Lanes) -> Lanes:
    """one + other"""
    return builder.fadd(one, other)


@instruction
def subtract(builder: Any, one: Lanes, other: Lanes) -> Lanes:
    """one - other"""
    return builder.fsub(one, other)


@instruction
def multiply(builder: Any, one: Lanes, other: Lanes) -> Lanes:
    """one * other"""
    return builder.fmul(one, other)


@instruction
def multiply_add(builder: Any, one: Lanes, other: Lanes, third: Lanes) -> Lanes:
    """one * other + third, rounded once"""
    return _call(builder, "fma", one, other, third)


@instruction
def divide(builder: Any, one: Lanes, other: Lanes) -> Lanes:
    """one / other"""
    return builder.fdiv(one, other)


@instruction
def square_root(builder: Any, lanes: Lanes) -> Lanes:
    """√lanes, rounded correctly, as the processor does."""
    return _call(builder, "sqrt", lanes)


@instruction
def total(builder: Any, lanes: Lanes) -> Number:
    """The sum of the lanes, in the order of `store_sums`."""
    return builder.extract_element(_sums(builder, [lanes]), ir.Constant(INT32, 0))


@instruction
def positive_part(builder: Any, lanes: Lanes) -> Lanes:
    """max(lanes, 0); a NaN stays one."""
    zero = _number(0.0)
    return builder.select(builder.fcmp_ordered("<", lanes, zero), zero, lanes)


@instruction
def decay(builder: Any, lanes: Lanes) -> Lanes:
    """exp(-|lanes|), with a relative error below 5e-7; below exp(-87) it stays there.

    exp(x) = 2^n exp(x - n log 2), with Taylor's series for the rest, which lies within ± log(2) / 2. Adding and taking
    away 1.5 * 2^23 rounds to an integer, which stands in the low bits of the sum in between.
    """
    least, magic = _number(-87.0), _number(1.5 * 2.0**23)
    x = builder.fneg(_call(builder, "fabs", lanes))
    x = builder.select(builder.fcmp_ordered("<", x, least), least, x)
    shifted = _call(builder, "fma", x, _number(1.0 / math.log(2.0)), magic)
    n = builder.fsub(shifted, magic)
    rest = _call(builder, "fma", n, _number(-math.log(2.0)), x)
    series = _number(1.0 / math.factorial(6))
    for power in range(5, -1, -1):
        series = _call(builder, "fma", series, rest, _number(1.0 / math.factorial(power)))
    exponent = builder.shl(builder.bitcast(shifted, INTEGERS), ir.Constant(INTEGERS, [23] * WIDTH))
    return builder.bitcast(builder.add(builder.bitcast(series, INTEGERS), exponent), VECTOR)


@instruction
def logistic(builder: Any, lanes: Lanes, decayed: Lanes) -> Lanes:
    """1 / (1 + exp(-lanes)), given `decay(lanes)`."""
    one = _number(1.0)
    above = builder.select(builder.fcmp_ordered("<", lanes, _number(0.0)), decayed, one)
    return builder.fdiv(above, builder.fadd(decayed, one))


@instruction
def logarithm(builder: Any, lanes: Lanes) -> Lanes:
    """log(lanes) of positive normal numbers, with an absolute error below 1e-7 near 1, else a relative one.

    A number is 2^n m with m from √½ to √2, and log m = 2 artanh(t) = 2 (t + t³/3 + t⁵/5 + ...), t = (m - 1) / (m + 1).
    """
    bits = builder.bitcast(lanes, INTEGERS)
    root_of_half = ir.Constant(INTEGERS, [0x3F3504F3] * WIDTH)
    shift = ir.Constant(INTEGERS, [23] * WIDTH)
    exponent = builder.ashr(builder.sub(bits, root_of_half), shift)
    mantissa = builder.bitcast(builder.sub(bits, builder.shl(exponent, shift)), VECTOR)
    one = _number(1.0)
    t = builder.fdiv(builder.fsub(mantissa, one), builder.fadd(mantissa, one))
    square = builder.fmul(t, t)
    series = _number(2.0 / 9)
    for odd in (7, 5, 3, 1):
        series = _call(builder, "fma", series, square, _number(2.0 / odd))
    return _call(builder, "fma", builder.sitofp(exponent, VECTOR), _number(math.log(2.0)), builder.fmul(series, t))
