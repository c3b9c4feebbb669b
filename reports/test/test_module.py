#!/usr/bin/python3
"""The Python module against the program: the same rows, and distrust of files.
TAP on standard output. Reads TORNBIT (the program) and BUILD (the build folder)."""
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, "reports")
import tornbit  # noqa: E402

PROGRAM = os.path.abspath(os.environ.get("TORNBIT", "build/tornbit"))
LIVES = os.path.abspath(os.environ.get("BUILD", "build") + "/test/fuzz_test_bus_vtab")
SAMPLE = os.path.abspath(os.environ.get("BUILD", "build") + "/test/fuzz_test_sink")


def shown(value):
    """As `tornbit sql` prints it."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def printed(columns, rows):
    return "\n".join("\t".join(map(shown, row)) for row in [columns, *rows]) + "\n"


def told(path, query):
    return subprocess.run([PROGRAM, "sql", path, query], check=True, capture_output=True,
                          text=True).stdout


def refused(path, use=lambda t: None):
    try:
        with tornbit.open(path) as t:
            use(t)
    except tornbit.TraceError as e:
        assert "\n" not in str(e) and str(e).startswith(str(path).split("\n")[0][:20]), e
        return str(e)
    raise AssertionError(f"{path} was taken for a trace")


# ---- stories ---------------------------------------------------------------


def rows_are_those_of_the_program(work, db):
    """every reader tells the rows that tornbit sql tells"""
    with tornbit.open(db) as t:
        for name, rows, order in (
                ("plan", t.plans(), "id"), ("call", t.calls(), "plan, life, call"),
                ("state_text", t.states(), "id"), ("event_text", t.events(), "plan, life, call"),
                ("wear", t.wear(), "plan, sector"), ("part", t.parts(), "name"),
                ("subject", t.subjects(), "name"), ("bus", t.bus(None, None), "plan, life, seq")):
            rows = list(rows)
            columns = rows[0]._fields
            if name in ("plan", "part"):    # the view prints hashes in hex, the table as numbers
                rows = [r._replace(hash=int(r.hash, 16) - (int(r.hash, 16) >> 63 << 64)) for r in rows]
            query = f"SELECT {', '.join(columns)} FROM {name} ORDER BY {order}"
            assert printed(columns, rows) == told(db, query), name
            assert printed(columns, t.sql(query)) == told(db, query), name


def tables_are_those_of_the_program(work, db):
    """every table and column that a run writes is known, and no other"""
    told_tables = told(db, "SELECT name FROM pragma_table_list WHERE schema='main' AND type='table' "
                           "AND name NOT LIKE 'sqlite%' ORDER BY name").split()[1:]
    assert told_tables == sorted(tornbit.trace.TABLES), told_tables
    for table, spec in tornbit.trace.TABLES.items():
        columns = told(db, f"SELECT name FROM pragma_table_info('{table}')").split()[1:]
        assert sorted(columns) == sorted(w.split(":")[0] for w in spec.split()), table


def one_row_by_number(work, db):
    """a state and a finding are found by number, and None stands for no such row"""
    with tornbit.open(db) as t:
        assert t.finding(1).id == 1 and t.finding(10**6) is None
        assert t.state(4).verdict == "durability" and t.state(0) is None


def a_life_alone(work, db):
    """bus() is one life, the others stay out"""
    with tornbit.open(db) as t:
        assert [op.seq for op in t.bus()] == list(range(100))
        assert {op.plan for op in t.bus(2, 0)} == {2}
        assert list(t.bus(99, 0)) == []
        assert [(x.plan, x.life, x.ops) for x in t.lives()][0] == (1, 0, 100)


def queries_only_read(work, db):
    """a query may only read, and one line says so"""
    before = open(db, "rb").read()
    for query in ("DELETE FROM plan", "ATTACH 'x.db' AS x", "CREATE TEMP TABLE t(x)", "",
                  "PRAGMA writable_schema=1", "SELECT nothing FROM plan", "SELECT 1; SELECT 2",
                  "SELECT load_extension('x')"):
        refused(db, lambda t, q=query: list(t.sql(q)))
    assert before == open(db, "rb").read()


def foreign_files(work, db):
    """what is no trace is refused in one line"""
    assert "No such file" in refused(f"{work}/none.db")
    assert "folder" in refused(work)
    assert "device" in refused("/dev/null")
    with open(f"{work}/letter", "w") as f:
        f.write("hello\n" * 100)
    assert "not a tornbit trace" in refused(f"{work}/letter")
    open(f"{work}/empty.db", "w").close()
    assert "empty" in refused(f"{work}/empty.db")
    with sqlite3.connect(f"{work}/other.db") as other:
        other.execute("CREATE TABLE t(x)")
    assert "application id" in refused(f"{work}/other.db")
    with open(db, "rb") as f, open(f"{work}/short.db", "wb") as g:
        g.write(f.read()[:-5000])
    assert "cut-off" in refused(f"{work}/short.db")


def changed(work, db, *statements):
    path = f"{work}/changed.db"
    shutil.copyfile(db, path)
    with sqlite3.connect(path) as c:
        for s in statements:
            c.execute(s)
    c.close()
    return path


def strange_schemas(work, db):
    """other schema numbers, missing tables, and views in the place of tables are refused"""
    path = changed(work, db, "UPDATE meta SET value='99' WHERE name='schema'")
    assert "schema 99" in refused(path)
    assert "table wear" in refused(changed(work, db, "DROP TABLE wear"))
    path = changed(work, db, "ALTER TABLE wear RENAME TO w", "CREATE VIEW wear AS SELECT * FROM w")
    assert "table wear" in refused(path)
    path = changed(work, db, "CREATE VIEW bus AS SELECT * FROM bus_block")
    assert "table bus" in refused(path)


def an_error_is_one_plain_line(work, db):
    """whatever a broken schema says, an error is one line and tells no terminal anything"""
    odd = b"\x1b[31m\x07\n\x7f\xff".decode("latin-1")
    wild = (f'CREATE TABLE "{odd}"(', f'CREATE VIEW v AS SELECT "{odd}', f"CREATE TABLE {odd}")
    for sql in (*wild, "CREATE TABLE \x1b[31m\x07\n\x7f"):
        path = changed(work, db, "PRAGMA writable_schema=1",
                       "INSERT INTO sqlite_schema VALUES('table', 'x', 'x', 0, 'name')")
        for coding in ("utf-8", "latin-1"):
            with open(path, "rb") as f:
                whole = f.read()
            with sqlite3.connect(path) as c:
                c.execute("PRAGMA writable_schema=1")
                c.execute("UPDATE sqlite_schema SET sql = CAST(? AS TEXT) WHERE name = 'x'", (sql.encode(coding),))
            c.close()
            for use in (lambda t: None, lambda t: list(t.sql("SELECT 1"))):
                said = refused(path, use)
                assert said.isascii() and said.isprintable(), (sql, said)
            with open(path, "wb") as f:
                f.write(whole)
    for query in (f'SELECT * FROM "{odd}"', f"SELECT {odd}", "SELECT \udcff", "SELECT name FROM meta ORDER BY name COLLATE \"\x1b[7m\""):
        said = refused(db, lambda t, q=query: list(t.sql(q)))
        assert said.isascii() and said.isprintable(), (query, said)


def a_missing_extension_is_named(work, db):
    """an extension that TORNBIT_BUS_SO names and that is not there is refused by that name, each time"""
    os.environ["TORNBIT_BUS_SO"] = "/nonexistent/bus.so"
    try:
        with tornbit.open(db) as t:
            for _ in range(2):
                try:
                    t.sql("SELECT 1")
                except tornbit.TraceError as e:
                    assert "TORNBIT_BUS_SO" in str(e) and "/nonexistent/bus.so" in str(e), e
                    continue
                raise AssertionError("it answered")
    finally:
        del os.environ["TORNBIT_BUS_SO"]


def damaged_blocks(work, db):
    """a damaged block ends a reading with an error, after what was sound"""
    path = changed(work, db, "UPDATE bus_block SET hash=hash+1 WHERE plan=2")
    assert "hash" in refused(path, lambda t: list(t.bus(2, 0)))
    with tornbit.open(path) as t:
        assert len(list(t.bus(1, 0))) == 100
    path = changed(work, db, "UPDATE bus_block SET first_seq=first_seq+1 WHERE plan=1")
    assert "expected was 0" in refused(path, lambda t: list(t.bus(1, 0)))
    path = changed(work, db, "UPDATE bus_block SET data=5 WHERE plan=1")
    assert "holds int" in refused(path, lambda t: list(t.bus(1, 0)))


def a_long_life_streams(work, db):
    """operations come before what follows them is read: damage at the end is met last"""
    path = f"{work}/long.db"
    subprocess.run([LIVES, "--lives", path, "10000", "10"], check=True)
    path = changed(work, path, "UPDATE bus_block SET hash=hash+1 WHERE first_seq=8192")
    with tornbit.open(path) as t:
        seen = 0
        try:
            for op in t.bus():
                assert op.seq == seen
                seen += 1
        except tornbit.TraceError as e:
            assert "block 3 of plan 1" in str(e), e
        assert seen == 8192


def after_closing(work, db):
    """a closed trace says that it is closed"""
    t = tornbit.open(db)
    t.close()
    for use in (lambda: next(t.plans()), lambda: next(t.bus()), lambda: next(t.lives()),
                lambda: t.sql("SELECT 1")):
        try:
            use()
        except tornbit.TraceError as e:
            assert "was closed" in str(e)
            continue
        raise AssertionError("it answered")


def odd_names(work, db):
    """a file may have any name"""
    for name in (":memory:", "a b?mode=rw#x%41.db", "\u00e9'\".db", "line\nbreak.db"):
        path = f"{work}/{name}"
        shutil.copyfile(db, path)
        with tornbit.open(path) as t:
            assert t.meta["subject"] == "sample.store"
            assert next(t.sql("SELECT count(*) FROM plan"))[0] > 0
        os.remove(path)


def as_nobody(work, look):
    """look() in a child that may not write; its exit status."""
    sys.stdout.flush()  # else the child says it again
    child = os.fork()
    if not child:
        status = 1
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            look()
            status = 0
        except Exception as e:
            print(f"# in the child: {e}")
        finally:
            sys.stdout.flush()
            os._exit(status)
    return os.waitpid(child, 0)[1]


def unfinished_traces(work, db):
    """what a run has not folded back is read from its -wal, in a closed folder too"""
    folder = f"{work}/closed"
    os.mkdir(folder)
    path = f"{folder}/run.db"
    shutil.copyfile(db, path)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("UPDATE meta SET value='0' WHERE name='closed'")
    for name in ("run.db", "run.db-wal"):    # as a killed run leaves them
        shutil.copyfile(f"{folder}/{name}", f"{work}/{name}")
    with tornbit.open(path) as t:
        assert t.meta["closed"] == "0" and len(list(t.bus())) == 100
    writer.close()
    for name in ("run.db", "run.db-wal"):
        shutil.move(f"{work}/{name}", f"{folder}/{name}")
        os.chmod(f"{folder}/{name}", 0o444)
    os.chmod(work, 0o755)
    os.chmod(folder, 0o555)

    def look():
        with tornbit.open(path) as t:
            assert t.meta["closed"] == "0" and len(list(t.bus())) == 100
            assert next(t.sql("SELECT count(*) FROM bus"))[0] == 2200
    assert as_nobody(work, look) == 0
    os.chmod(folder, 0o755)
    os.remove(f"{folder}/run.db-wal")
    os.chmod(folder, 0o555)

    def look_finished():
        with tornbit.open(path) as t:
            assert t.meta["closed"] == "1"
    assert as_nobody(work, look_finished) == 0
    assert os.listdir(folder) == ["run.db"]
    os.chmod(folder, 0o755)


def a_trace_that_grows(work, db):
    """a walk sees the trace as it was when it began; a later one sees more"""
    path = f"{work}/grows.db"
    shutil.copyfile(db, path)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    with tornbit.open(path) as t:
        walk = t.states()
        next(walk)
        writer.execute("DELETE FROM state WHERE id>10")
        assert len(list(walk)) == 55
        assert len(list(t.states())) == 10
    writer.close()


STORIES = [
    rows_are_those_of_the_program, tables_are_those_of_the_program, one_row_by_number, a_life_alone, queries_only_read,
    foreign_files, strange_schemas, an_error_is_one_plain_line, a_missing_extension_is_named, damaged_blocks, odd_names, unfinished_traces,
    a_trace_that_grows, a_long_life_streams, after_closing,
]


def main(argv):
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        db = f"{work}/sample.db"
        subprocess.run([SAMPLE, "--sample", db], check=True)
        for number, story in enumerate(STORIES, 1):
            try:
                story(work, db)
                print(f"ok {number} - {story.__doc__}")
            except Exception as e:    # a story fails for one reason; say it
                failed += 1
                print(f"not ok {number} - {story.__doc__}\n# {type(e).__name__}: {e}")
    print(f"1..{len(STORIES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
