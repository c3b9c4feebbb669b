"""How the report says things: numbers, times, words for verdicts and faults, and
texts of a trace made harmless."""
import unicodedata

# What a verdict means to somebody who has not read the manual (fuzz/verdict.h).
VERDICT_MEANS = {
    "ok": "as the contract promises",
    "durability": "acknowledged data is gone, or older than promised",
    "atomicity": "contents that are neither old nor new",
    "bystander": "an object that nobody touched has changed",
    "visibility": "two looks differ though nothing was asked to change",
    "phantom": "an object that never was",
    "mount": "the store does not start on what is left",
    "api": "a call fails that must not fail",
    "crash": "the store would crash the device",
    "hang": "a call needs more bus operations than the contract allows",
    "capacity": "no space though there must be some",
    "chip-rule": "the part forbids what was done",
    "assumption": "the contract says that the store never does this",
    "outside": "bytes outside the store's region have changed",
    "nondeterminism": "the same life twice gives two results",
}

# As judging_means of fuzz/verdict.c.
STEP_MEANS = {
    "life": "in the life itself, without a loss of power",
    "boot": "when the survivor booted",
    "dump": "in the first look after the boot",
    "probe": "by a probing write",
    "reboot": "when it booted again after the probes",
    "dump-again": "in the look after probes and reboot",
    "idle": "in one more boot without a write",
}

HOW_MEANS = {
    "executed": "booted and judged in full",
    "inherited": "recovery reads none of the bits that differ: the base's verdict holds",
    "duplicate": "an equal device was judged before, under the same legal set",
}

# The columns of the matrix: letter and a short name; which bits are in which, and what
# they mean, is in the trace (table word), but for the last two and F and N.
FAMILIES = (("A", "whole"), ("B", "prefix"), ("C", "sparse"), ("D", "dense"), ("E", "random"),
            ("F", "unstable"), ("N", "supply"), ("T", "by clock"), ("-", "no cut"))

BESIDES = {
    "F": "torn bits that each read draws anew",
    "N": "the supply came back without a clean reset, or too slowly",
    "-": "power went off between two calls, or not at all",
}

# As role_means of fuzz/verdict.c.
ROLE_MEANS = {
    "target": "the object in flight", "bystander": "an object that nobody was writing",
    "probe": "the judge's own object", "stranger": "a name that nobody has ever written",
}

PROBE_SEED = 5      # of the contents that the judge's probing writes have (fuzz/judge.h)


def family_of(word, row):
    """Letter of the column of a fault; "?" for one that the trace does not explain."""
    if row.uncut:
        return "-"
    if word.get(("supply", row.supply)) not in ("clean", None):
        return "N"
    if word.get(("quality", row.quality)) not in ("stable", None):
        return "F"
    letter = word.get(("family", row.bits))
    return letter if letter in dict(FAMILIES) else "?"


def families_mean(word):
    """{letter: what it does to an operation}"""
    said = {letter: [] for letter, _ in FAMILIES}
    for (of, bits), letter in sorted(word.items()):
        if of == "family" and letter in said and letter not in BESIDES:
            means = word.get(("family_means", bits), "?")
            said[letter].append(means if letter == "T" else f"{word.get(('bits', bits), '?')}: {means}")
    return {letter: BESIDES.get(letter) or "; ".join(means) for letter, means in said.items()}


# ---- texts -----------------------------------------------------------------

# Letters that are written from right to left move what stands beside them.
TURNING = frozenset(("R", "AL", "AN"))


def _is_plain(c):
    return " " <= c < "\x7f" or (
        c >= "\xa1" and unicodedata.category(c)[0] in "LNPS" and
        unicodedata.bidirectional(c) not in TURNING)


def plain(text, most=400, lines=False):
    """The text with everything that does not stand for itself as an escape: control
    characters, marks, spaces of other widths, anything that turns the direction.
    Longer ones end in "..." and say so. lines: keep line feeds and tabs."""
    kept = "\n\t" if lines else ""
    text = str(text)
    said = "".join(c if _is_plain(c) or c in kept else
                   c.encode("unicode_escape", "backslashreplace").decode("ascii")
                   for c in text[:most])
    return said if len(text) <= most else f"{said}... ({count(len(text) - most)} more characters)"


def ascii_plain(text, most=60):
    """For pictures, whose fonts may lack the rest."""
    text = str(text)
    said = "".join(c if " " <= c < "\x7f" else "?" for c in text[:most])
    return said if len(text) <= most else said + "..."


NEVER_SPECIAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+./=:,@%")


def word(text):
    """As one word of a shell's command line (plain_word of fuzz/plain.h)."""
    if text and set(text) <= NEVER_SPECIAL and not text.startswith("-"):
        return text
    if all(" " <= c < "\x7f" for c in text):
        return "'" + text.replace("'", "'\\''") + "'"
    raw = text.encode("utf-8", "surrogateescape")
    return "$'" + "".join("\\" + chr(b) if b in b"'\\" else chr(b) if 32 <= b < 127 else f"\\{b:03o}"
                          for b in raw) + "'"


# ---- numbers ---------------------------------------------------------------


def count(n):
    return "" if n is None else f"{n:,}"


def hexadecimal(text):
    """A seed, which a trace has in decimal, as every command prints it."""
    return f"{int(text):#x}" if text.isascii() and text.isdecimal() and len(text) < 21 else text


def plural(n, one, many=None):
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def size(n):
    """Exact, or not at all: 4 KiB, 4,097 bytes."""
    for unit, of in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if n >= of and n % of == 0:
            return f"{count(n // of)} {unit}"
    return plural(n, "byte")


def percent(part, whole):
    if not whole:
        return ""
    tenths = (part * 1000 + whole // 2) // whole
    if part and not tenths:
        return "< 0.1 %"
    if part < whole and tenths == 1000:
        return "> 99.9 %"
    return f"{tenths // 10}.{tenths % 10} %"


def milliseconds(clocks, hz):
    """Clocks as "12.345" (three places) by whole numbers; "" where the rate is unknown."""
    if clocks is None or not hz:
        return ""
    us = (clocks * 1000000 + hz // 2) // hz
    if clocks > 0 and not us:
        return "< 0.001"
    return f"{us // 1000:,}.{us % 1000:03d}"


def share_class(bad, whole):
    """0 to 4: how dark the cell is."""
    if not bad or not whole:
        return 0
    return min(4, 1 + bad * 4 // whole) if bad < whole else 4
