"""The file of a trace: opened with distrust, read row by row."""
import collections
import functools
import os
import sqlite3
import stat

from . import buslog

SCHEMA = 2
APPLICATION_ID = 0x74426974


class TraceError(Exception):
    """One line: where, what, and what would be right."""


# ---- tables ----------------------------------------------------------------

# What a reader may rely on, in the order of docs/trace-schema.md. After the colon:
# i integer, t text, b blob; capital letters may be NULL.
TABLES = {
    "meta": "name:t value:T",
    "word": "of:t value:i word:t",
    "part": "name:t hash:I text:T",
    "subject": "name:t contract:t code_hash:t",
    "cell": "id:i last_plan:i last_state:i",
    "plan": "id:i story:T subject:t part:t seed:i bytes:b hash:i states:I findings:I",
    "expect": "story:t pattern:t met:i",
    "call": "plan:i life:i call:i verb:t name:T bytes:i seed:i chunk:i result:T done:i first:i "
            "last:i bus_clocks:i wait_clocks:i busy_clocks:i",
    "bus_block": "plan:i life:i first_seq:i ops:i data:b hash:i",
    "event": "plan:i life:i call:i kind:i at:i a:i b:i",
    "state": "id:i plan:i parent:i verb:t cuts:i call:i op:i bits:i unit:i quality:i supply:i "
             "seed:i at:i cut:I how:i verdict:i step:i role:i finding:i image:i state:i dump:i recovery:i "
             "name:T why:T",
    "finding": "id:i key:t count:i count_in_cells:i plan:i state:i verdict:i step:i role:i "
               "name:T why:T expected:I reach:T reach_first:I reach_last:I text:T shrunk:T",
    "evidence": "finding:i legal:T kind:T event:I op:I cuts:I bits:I unit:I quality:I supply:I seed:I "
                "at:I op_addr:I op_bytes:I first:I cut:I last:I addr:I before:B intended:B torn:B",
    "wear": "plan:i sector:i first_addr:i bytes:i erases_before:i erases:i programs:i programmed_bytes:i",
}
# A real table of bus operations, as `tornbit unpack` writes it. Not in every trace.
BUS = "plan:i life:i call:i seq:i kind:t addr:i bytes:i first:i last:i result:t polls:i data:B"

# Columns whose numbers the table `word` explains, and hashes.
WORDS = {
    "state": {"bits": "bits", "unit": "unit", "quality": "quality", "supply": "supply",
              "how": "how", "verdict": "verdict", "step": "step", "role": "role"},
    "finding": {"verdict": "verdict", "step": "step", "role": "role"},
    "evidence": {"bits": "bits", "unit": "unit", "quality": "quality", "supply": "supply"},
    "event": {"kind": "event"},
}
HASHES = {"plan": ("hash",), "part": ("hash",), "state": ("image", "state", "dump", "recovery")}

TYPES = {"i": (int,), "t": (str,), "b": (bytes,),
         "I": (int, type(None)), "T": (str, type(None)), "B": (bytes, type(None))}


def _columns(spec):
    return tuple(word.split(":")[0] for word in spec.split())


def _types(spec):
    return tuple(TYPES[word.split(":")[1]] for word in spec.split())


def _row(name, table):
    made = collections.namedtuple(name, _columns(TABLES.get(table, BUS)))
    made.__doc__ = f"A row of `{table}`, docs/trace-schema.md."
    return made


Part = _row("Part", "part")
Subject = _row("Subject", "subject")
Plan = _row("Plan", "plan")
Call = _row("Call", "call")
Event = _row("Event", "event")
State = _row("State", "state")
Finding = _row("Finding", "finding")
Expect = _row("Expect", "expect")
Evidence = _row("Evidence", "evidence")
Wear = _row("Wear", "wear")
Bus = _row("Bus", "bus")
Life = collections.namedtuple("Life", "plan life ops")


def plain(text):
    """One line stays one line, and no terminal is told to do anything."""
    return "".join(c if " " <= c < "\x7f" else c.encode("unicode_escape").decode("ascii")
                   for c in str(text))


def _text(raw):
    """Texts of a trace are UTF-8; bytes that are not come as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


# What SQLite says quotes names of the file, which may be no UTF-8: Python's own error then.
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)


def _what(error):
    return _text(error.object) if isinstance(error, UnicodeDecodeError) else str(error)


# ---- opening ---------------------------------------------------------------

# Three ways to read, each for what the one before cannot: with locks, as the run
# may still be writing; without locks and shared memory, for a -wal file in a folder
# we may not write to; the file alone, there, when no -wal is left.
WAYS = ("?mode=ro", "?mode=ro&vfs=unix-none", "?immutable=1")
CANNOT_OPEN = ("unable to open database file", "attempt to write a readonly database")

PLAIN_IN_URI = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")


def _uri(path, options):
    raw = os.fsencode(path)
    # "./" so that no name is special to SQLite (":memory:").
    if not raw.startswith(b"/"):
        raw = b"./" + raw
    return "file:" + "".join(chr(c) if c in PLAIN_IN_URI else "%%%02X" % c for c in raw) + options


def _look(path):
    """Is it a file at all? SQLite would make of a folder what it is not."""
    try:
        info = os.stat(path)
    except OSError as e:
        raise TraceError(e.strerror) from None
    except ValueError as e:
        raise TraceError(str(e)) from None
    if stat.S_ISDIR(info.st_mode):
        raise TraceError("is a folder, not a trace file")
    if not stat.S_ISREG(info.st_mode):
        raise TraceError("is a device, not a trace file")
    if info.st_size == 0:
        raise TraceError("is empty, not a trace")


def _connect(path):
    """A connection to what is a trace, as far as its schema says."""
    has_log = os.path.exists(os.fspath(path) + (b"-wal" if isinstance(path, bytes) else "-wal"))
    for way in WAYS:
        if way == WAYS[2] and has_log:
            break
        db = None
        try:
            db = sqlite3.connect(_uri(path, way), uri=True, timeout=5, isolation_level=None)
            db.text_factory = _text
            db.execute("PRAGMA trusted_schema=OFF")
            db.execute("PRAGMA query_only=ON")
            if way == WAYS[1]:
                db.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
            _check_schema(db)
            if not has_log:
                _check_whole(db, path)
            return db
        except SQLITE_ERRORS as e:
            problem = e
            db and db.close()
            if _what(e) not in CANNOT_OPEN:
                break
        except TraceError:
            db.close()
            raise
    raise TraceError(_said(problem)) from None


def _said(error):
    what = _what(error)
    if "not a database" in what:
        return "is not a tornbit trace"
    if "malformed" in what:
        return f"is a damaged or cut-off trace ({what})"
    return f"cannot be read: {what}"


def _one(db, sql, *parameters):
    row = db.execute(sql, parameters).fetchone()
    return row[0] if row else None


def _kind(db, table):
    """table, view, virtual, ... or None: what SQLite makes of the name."""
    return _one(db, "SELECT type FROM pragma_table_list WHERE schema='main' AND name=? "
                    "COLLATE NOCASE", table)


def _check_table(db, table, spec):
    columns = list(db.execute(f"PRAGMA main.table_xinfo({table})"))
    if any(column[6] for column in columns):
        raise TraceError(f"is a damaged trace: table {table} computes a column")
    names = {column[1] for column in columns}
    if _kind(db, table) != "table" or not names.issuperset(_columns(spec)):
        raise TraceError(f"is a damaged trace: table {table} lacks a column or is missing")


def _check_schema(db):
    if sqlite3.sqlite_version_info < (3, 37):
        raise TraceError(f"cannot be read: SQLite here is {sqlite3.sqlite_version}, "
                         "3.37 or later is needed")
    found = _one(db, "PRAGMA application_id")
    if found != APPLICATION_ID:
        raise TraceError(f"is not a tornbit trace (its application id is 0x{found & 0xffffffff:08x})")
    if _kind(db, "meta") != "table":
        raise TraceError("is a trace without a schema number")
    schema = _one(db, "SELECT substr(value, 1, 20) FROM main.meta WHERE name='schema'")
    if schema is None:
        raise TraceError("is a trace without a schema number")
    if str(schema) != str(SCHEMA):
        raise TraceError(f"has trace schema {plain(schema)}, this program reads schema {SCHEMA}")
    for table, spec in TABLES.items():
        _check_table(db, table, spec)
    if _kind(db, "bus") is not None:
        _check_table(db, "bus", BUS)


def _check_whole(db, path):
    """SQLite takes a last page that is cut off for one that ends in zeros."""
    there = os.stat(path).st_size
    right = _one(db, "PRAGMA page_count") * _one(db, "PRAGMA page_size")
    if there < right:
        raise TraceError(f"is a cut-off trace: {there} of {right} bytes")


# ---- queries of the user ---------------------------------------------------

# Pragmas that tell and change nothing.
HARMLESS = frozenset((
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
    "integrity_check", "quick_check", "page_count", "page_size", "application_id",
    "compile_options"))


def _permit(action, a, b, _database, _trigger):
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (b or "").lower() != "load_extension":
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and (a or "").lower() in HARMLESS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def extension_path():
    """Where the loadable extension lies: TORNBIT_BUS_SO, or where `make` or `make
    install` put it beside this package. None: nowhere."""
    if "TORNBIT_BUS_SO" in os.environ:
        return os.environ["TORNBIT_BUS_SO"] or None
    here = os.path.dirname(os.path.realpath(__file__))
    installed = os.path.join("share", "tornbit", "reports", "tornbit")
    if here.endswith(os.sep + installed):
        there = os.path.join(here[:-len(installed)], "lib", "tornbit", "tornbit_bus.so")
    else:
        there = os.path.join(here, "..", "..", "build", "tornbit_bus.so")
    return there if os.path.isfile(there) else None


class Answer:
    """The rows of a query, as they come; `columns` has their names."""

    def __init__(self, trace, cursor):
        self._trace = trace
        self._cursor = cursor
        self.columns = tuple(column[0] for column in cursor.description or ())

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return next(self._cursor)
        except sqlite3.Error as e:
            raise self._trace._error(_query_problem(e)) from None


def _query_problem(error):
    what = _what(error)
    if "not authorized" in what or "prohibited" in what or "readonly" in what:
        return f"the query may only read this trace: {what}"
    if "damaged trace" in what or "malformed" in what:
        return what if "damaged trace" in what else f"is a damaged trace: {what}"
    return f"the query: {what}"


# ---- the trace -------------------------------------------------------------


class Trace:
    """An open trace; `help(tornbit)` is its manual."""

    def __init__(self, path):
        self.path = path
        self._db = None
        self._sql_db = None
        try:
            _look(path)
            self._db = _connect(path)
        except TraceError as e:
            self.close()
            where, said = plain(os.fsdecode(path)), plain(e)
            raise TraceError(said if said.startswith(where) else f"{where}: {said}") from None

    def close(self):
        for db in (self._db, self._sql_db):
            if db:
                db.close()
        self._db = self._sql_db = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _error(self, what):
        return TraceError(f"{plain(os.fsdecode(self.path))}: {plain(what)}")

    def _check_open(self):
        if not self._db:
            raise self._error("the trace was closed; open it again")

    # -- rows --

    @functools.cached_property
    def meta(self):
        return {row[0]: row[1] for row in self._rows("meta")}

    @functools.cached_property
    def _words(self):
        return {(row[0], row[1]): row[2] for row in self._rows("word")}

    def _rows(self, table, where="", *parameters):
        """Rows of a table whose values are of the kinds they should be."""
        self._check_open()
        spec = TABLES[table]
        names, types = _columns(spec), _types(spec)
        quoted = ", ".join(f'"{name}"' for name in names)
        number = 0
        try:
            for row in self._db.execute(f"SELECT {quoted} FROM main.{table} {where}", parameters):
                for i, value in enumerate(row):
                    if not isinstance(value, types[i]):
                        raise self._error(f"damaged trace: table {table}, row {number}: column "
                                          f"{names[i]} holds {type(value).__name__}")
                yield row
                number += 1
        except SQLITE_ERRORS as e:
            raise self._error(f"damaged trace: table {table}, row {number}: {_what(e)}") from None

    def _told(self, made, table, where="", *parameters):
        """The same as named tuples, numbers as words and hashes as digits."""
        names = _columns(TABLES[table])
        words = [(i, WORDS[table][n]) for i, n in enumerate(names) if n in WORDS.get(table, ())]
        hashes = [i for i, n in enumerate(names) if n in HASHES.get(table, ())]
        for row in self._rows(table, where, *parameters):
            if words or hashes:
                row = list(row)
                for i, of in words:
                    row[i] = self._words.get((of, row[i]))
                for i in hashes:
                    row[i] = row[i] if row[i] is None else "%016x" % (row[i] & buslog.M64)
            yield made._make(row)

    def _first(self, made, table, key, value):
        return next(self._told(made, table, f"WHERE {key}=?", value), None)

    def parts(self):
        return self._told(Part, "part", "ORDER BY name")

    def subjects(self):
        return self._told(Subject, "subject", "ORDER BY name")

    def plans(self):
        return self._told(Plan, "plan", "ORDER BY id")

    def states(self):
        return self._told(State, "state", "ORDER BY id")

    def state(self, id):
        return self._first(State, "state", "id", id)

    def findings(self):
        return self._told(Finding, "finding", "ORDER BY id")

    def finding(self, id):
        return self._first(Finding, "finding", "id", id)

    def evidence(self, finding):
        return self._first(Evidence, "evidence", "finding", finding)

    def expects(self):
        return self._told(Expect, "expect", "ORDER BY rowid")

    def wear(self, plan=None):
        return self._told(Wear, "wear", "WHERE ?1 IS NULL OR plan=?1 ORDER BY plan, sector", plan)

    def _of_life(self, made, table, plan, life, order):
        where, parameters = _where(plan=plan, life=life)
        return self._told(made, table, f"{where} ORDER BY plan, life, {order}", *parameters)

    def calls(self, plan=None, life=None):
        return self._of_life(Call, "call", plan, life, "call, rowid")

    def events(self, plan=None, life=None):
        return self._of_life(Event, "event", plan, life, "call, rowid")

    # -- bus operations --

    def lives(self):
        self._check_open()
        try:
            for row in self._db.execute("SELECT plan, life, sum(ops) FROM main.bus_block "
                                        "GROUP BY plan, life ORDER BY plan, life"):
                yield Life._make(row)
        except SQLITE_ERRORS as e:
            raise self._error(f"damaged trace: table bus_block: {_what(e)}") from None

    def bus(self, plan=1, life=0):
        where, parameters = _where(plan=plan, life=life)
        of, seq, number = None, 0, 0
        for row in self._rows("bus_block", f"{where} ORDER BY plan, life, first_seq", *parameters):
            plan, life, first_seq, ops, data, want = row
            if (plan, life) != of:
                of, seq = (plan, life), 0
            number += 1
            try:
                if first_seq != seq:
                    raise buslog.Damage(f"begins with operation {first_seq}, expected was {seq}")
                if buslog.block_hash(data) != want & buslog.M64:
                    raise buslog.Damage("its bytes do not match its hash")
                yield from map(Bus._make, buslog.operations(data, ops, plan, life, seq))
                seq += ops
            except buslog.Damage as e:
                raise self._error(f"damaged trace: block {number} of plan {plan}, life {life}: "
                                  f"{e}") from None

    # -- queries --

    def sql(self, query, parameters=()):
        """Rows of a query that reads, as tuples; see help(tornbit)."""
        try:
            db = self._for_queries()
            try:
                cursor = db.execute(query, parameters)
            except sqlite3.OperationalError as e:
                if str(e) not in ("no such table: bus", "no such table: main.bus"):
                    raise
                self._fill_bus()
                cursor = db.execute(query, parameters)
        except (*SQLITE_ERRORS, sqlite3.Warning, ValueError) as e:
            raise self._error(_query_problem(e)) from None
        if not cursor.description:
            raise self._error("the query: is empty, or does not read")
        return Answer(self, cursor)

    def _for_queries(self):
        """A connection of its own: what a query may do is guarded there."""
        self._check_open()
        if not self._sql_db:
            try:
                self._sql_db = _connect(self.path)
            except TraceError as e:
                raise self._error(str(e)) from None
            try:
                self._load_extension()
            except SQLITE_ERRORS as e:
                self._sql_db.close()
                self._sql_db = None
                raise self._error(f"TORNBIT_BUS_SO names {extension_path()}, which cannot be loaded: {_what(e)}") from None
            for table in ("bus", "json_each", "json_tree", *("pragma_" + p for p in HARMLESS)):
                try:    # a table without a file is declared on its first use, while it may be
                    self._sql_db.execute(f"SELECT 1 FROM {table} LIMIT 0")
                except sqlite3.Error:
                    pass
            self._sql_db.set_authorizer(_permit)
        return self._sql_db

    def _load_extension(self):
        path = extension_path()
        if not path or not hasattr(self._sql_db, "enable_load_extension"):
            return
        try:
            self._sql_db.enable_load_extension(True)
            self._sql_db.load_extension(path)
        except sqlite3.Error:
            if "TORNBIT_BUS_SO" in os.environ:
                raise
        finally:
            self._sql_db.enable_load_extension(False)

    def _fill_bus(self):
        """The same rows without the extension: once, into a temporary table."""
        db = self._sql_db
        db.set_authorizer(None)
        db.execute("PRAGMA query_only=OFF")
        try:
            names = _columns(BUS)
            db.execute("BEGIN")
            db.execute("CREATE TEMP TABLE bus(plan INTEGER, life INTEGER, call INTEGER, seq INTEGER, "
                       "kind TEXT, addr INTEGER, bytes INTEGER, first INTEGER, last INTEGER, "
                       "result TEXT, polls INTEGER, data BLOB)")
            db.executemany(f"INSERT INTO temp.bus VALUES({', '.join('?' * len(names))})",
                           self.bus(None, None))
            db.execute("CREATE INDEX temp.bus_of_life ON bus(plan, life, seq)")
            db.execute("COMMIT")
        except (sqlite3.Error, TraceError):
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        finally:
            db.execute("PRAGMA query_only=ON")
            db.set_authorizer(_permit)


def _where(**wanted):
    asked = {name: value for name, value in wanted.items() if value is not None}
    if not asked:
        return "", ()
    return "WHERE " + " AND ".join(f"{name}=?" for name in asked), tuple(asked.values())
