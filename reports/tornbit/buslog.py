"""Packed bus operations, decoded: the second opinion on fuzz/buslog.c.

Written from the layout that fuzz/buslog.h describes; it shares nothing with the
C decoder but that page, so a mistake in either shows as a difference.
"""
import struct

OPS_MAX = 4096       # in a block
ZEROS_MAX = 4096     # longest program whose zeros are not written out

KINDS = ("read", "program", "erase", "sync")
RESULTS = {0: "ok", 1: "range", 2: "io", 3: "locked", 4: "timeout", 255: "cut"}
PROGRAM = 1
ODD, CALL, BYTES, GAP, CLOCKS, POLLS = 4, 8, 16, 32, 64, 128
DATA_NOWHERE, DATA_FOLLOWS, DATA_ZERO = 0, 1, 2

M32 = (1 << 32) - 1
M64 = (1 << 64) - 1


class Damage(Exception):
    """What is wrong with the bytes of a block."""


# ---- the hash of a block ---------------------------------------------------


def _mix64(x):
    x = (x + 0x9E3779B97F4A7C15) & M64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & M64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & M64
    return x ^ (x >> 31)


def block_hash(data):
    """hash_bytes of sim/base.h with seed 0: two lanes of little-endian words."""
    n = len(data)
    a = 0x9E3779B97F4A7C15
    b = (n * 0xBF58476D1CE4E5B9) & M64
    whole = n // 8
    words = struct.unpack_from("<%dQ" % whole, data)
    for i in range(0, whole - 1, 2):
        a = ((a ^ words[i]) * 0x9FB21C651E98DF25) & M64
        b = ((b ^ words[i + 1]) * 0xD6E8FEB86659FD93) & M64
        a ^= a >> 29
        b ^= b >> 32
    if whole % 2:
        a = ((a ^ words[whole - 1]) * 0x9FB21C651E98DF25) & M64
        a ^= a >> 29
    tail = int.from_bytes(data[whole * 8:], "little")
    b = ((b ^ tail) * 0xD6E8FEB86659FD93) & M64
    return _mix64(_mix64(a) ^ b ^ (b >> 31))


# ---- operations ------------------------------------------------------------


def _number(data, at, most):
    """LEB128 of at most 64 bits from data[at:]: (value, where it ends)."""
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        if shift == 63 and byte > 1:
            raise Damage("number out of range")
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > most:
                raise Damage("number out of range")
            return value, at
        shift += 7
    raise Damage("ends within an operation")


def _step32(data, at):
    if at < len(data) and data[at] < 0x80:    # most numbers are of one byte
        return (data[at] >> 1) ^ -(data[at] & 1), at + 1
    v, at = _number(data, at, M32)
    return (v >> 1) ^ -(v & 1), at


def _step64(data, at):
    v, at = _number(data, at, M64)
    return (v >> 1) ^ -(v & 1), at



def _payload(data, at, where, size):
    if where == DATA_NOWHERE or size == 0:
        return None, at
    if where == DATA_ZERO and size <= ZEROS_MAX:
        return bytes(size), at
    if where != DATA_FOLLOWS:
        raise Damage("no such place of data")
    if len(data) - at < size:
        raise Damage("ends within the data of a program")
    return data[at:at + size], at + size


def _signed(clock):
    """As SQL has it: its integers have 64 bits with a sign."""
    return clock - (1 << 64) if clock >> 63 else clock


def operations(data, ops, plan, life, seq):
    """The columns of `bus` for each operation of a block that begins with seq."""
    if not 0 <= ops <= OPS_MAX:
        raise Damage("more operations than a block can hold")
    at, end_of_data = 0, len(data)
    call = last_kind = now = 0
    end, sizes = [0] * 4, [0] * 4
    gaps = [0] * 16
    clocks, polls = [0] * 64, [0] * 64

    for seq in range(seq, seq + ops):
        try:
            head = data[at]
            step = data[at + 1]
        except IndexError:
            raise Damage("ends within an operation") from None
        at += 2
        kind = head & 3
        if step < 0x80:
            step = (step >> 1) ^ -(step & 1)
        else:
            step, at = _step32(data, at - 1)
        addr = (end[kind] + step) & M32
        result = 0
        where = DATA_FOLLOWS if kind == PROGRAM else DATA_NOWHERE
        between = last_kind << 2 | kind
        if head > 3:
            if head & ODD:
                if at + 2 > end_of_data:
                    raise Damage("ends within an operation")
                result = data[at]
                if kind == PROGRAM:
                    where = data[at + 1]
                at += 2
            if head & CALL:
                step, at = _step32(data, at)
                call = (call + step) & M32
            if head & BYTES:
                step, at = _step32(data, at)
                sizes[kind] = (sizes[kind] + step) & M32
            size = sizes[kind]
            shape = ((size * 0x9E3779B1 + kind * 0x85EBCA6B) & M32) >> 26
            if head & GAP:
                step, at = _step64(data, at)
                gaps[between] = (gaps[between] + step) & M64
            if head & CLOCKS:
                step, at = _step64(data, at)
                clocks[shape] = (clocks[shape] + step) & M64
            if head & POLLS:
                step, at = _step32(data, at)
                polls[shape] = (polls[shape] + step) & M32
        else:
            size = sizes[kind]
            shape = ((size * 0x9E3779B1 + kind * 0x85EBCA6B) & M32) >> 26
        content = None
        if where:
            content, at = _payload(data, at, where, size)
        first = (now + gaps[between]) & M64
        now = (first + clocks[shape]) & M64
        if now < first:
            raise Damage("an operation ends before it begins")
        last_kind = kind
        end[kind] = (addr + size) & M32
        if now >> 63:
            begin, done = _signed(first), _signed(now)
        else:
            begin, done = first, now
        yield (plan, life, call, seq, KINDS[kind], addr, size, begin, done,
               RESULTS.get(result) or str(result), polls[shape], content)
    if at != end_of_data:
        raise Damage("bytes behind the last operation")
