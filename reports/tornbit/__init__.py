"""tornbit: a trace read from Python. Standard library only, Python 3.9 or later.

    import tornbit

    with tornbit.open("run.db") as t:
        print(t.meta["subject"], t.meta["closed"])
        for f in t.findings():
            print(f.key, f.count, f.why)
        erased = sum(op.bytes for op in t.bus(plan=1, life=0) if op.kind == "erase")
        for verdict, n in t.sql("SELECT verdict, count(*) FROM state_text GROUP BY verdict"):
            print(verdict, n)

What a trace holds, table by table: docs/trace-schema.md. Rows are named tuples
with the columns of the table, in its order. All of these stream: they hold one
row, or one block of bus operations, however long the trace is.

    t.path             as given to open
    t.meta             facts about the run: a dict of texts
    t.parts()          Part: the part files as they were then
    t.subjects()       Subject: the stores, their contracts and code as they were then
    t.plans()          Plan, in order of id
    t.calls(plan, life)    Call, in order; without arguments: of all lives
    t.lives()          Life(plan, life, ops): which lives have bus operations logged
    t.bus(plan, life)  Bus, in order of seq; t.bus() is the main life of plan 1,
                       t.bus(None, None) all lives. Decoded by this package itself
    t.events(plan, life), t.states(), t.findings(), t.wear(plan), t.expects()
    t.state(id), t.finding(id), t.evidence(finding)    one row, or None
    t.sql(query, parameters)    any query that reads; `.columns` has the names

What `word` explains comes as its word, hashes of states come as 16 hex digits: as
in the views state_text, finding_text and event_text. Clocks are integers; None is
SQL's NULL.

t.sql knows the table `bus`: from the file if `tornbit unpack` wrote it, else by the
extension tornbit_bus.so where it is found (TORNBIT_BUS_SO names another one), else
by a temporary table that is filled with all operations when a query first asks for
it, which takes about a second for each half million.

A file is opened for reading only and believed in nothing: whatever is wrong with
it, or with a query, raises TraceError, whose text is one line that says where, what
and what would be right. A trace may be read while its run is still writing.
"""
from .trace import (SCHEMA, Bus, Call, Event, Evidence, Expect, Finding, Life, Part, Plan, State, Subject,
                    Trace, TraceError, Wear)

__all__ = ["SCHEMA", "Bus", "Call", "Event", "Evidence", "Expect", "Finding", "Life", "Part", "Plan",
           "State", "Subject", "Trace", "TraceError", "Wear", "open"]


def open(path):
    """The trace at path, or TraceError. Close it with close(), or use it in `with`."""
    return Trace(path)
