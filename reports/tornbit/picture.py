"""The pictures of the report: drawn by matplotlib, handed out as SVG for a page.

Colours are not in them. Each is drawn in a stand-in colour that becomes a class of
the page's style sheet, so that a picture follows light, dark and paper. Nothing of
the host and no date is in them either: equal numbers give equal bytes.
"""
import io
import logging
import xml.etree.ElementTree as ET

from .alone import alone

logging.getLogger("matplotlib").setLevel(logging.CRITICAL)  # no words about its cache
# It reads matplotlibrc of this folder and of the user, which may be a pipe, run programs, or
# change the picture; and the user's fonts, for which it asks a program.
with alone("matplotlibrc"):
    import matplotlib

    matplotlib.rcdefaults()
    matplotlib.use("svg")
    from matplotlib.backends import backend_svg  # noqa: F401  it would be imported by the first picture
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"

# Stand-in colours and the classes they become (report.css).
INK, QUIET, RULE, BUS, WAIT, ARRAY, WEAR, PEAK = (
    "#010101", "#020202", "#030303", "#040404", "#050505", "#060606", "#070707", "#080808")
CLASSES = {INK: "ink", QUIET: "quiet", RULE: "rule", BUS: "bus", WAIT: "wait", ARRAY: "array",
           WEAR: "wear", PEAK: "peak"}

WIDE = 6.4      # inches of 72 units
BARS_MAX = 64   # sectors with a bar of their own; more are drawn as an outline
COLUMNS = 400   # of the outline


# ---- what matplotlib makes, for a page -------------------------------------


def _shorten(number):
    """1.250000 -> 1.25: a third of the bytes."""
    try:
        return f"{float(number):.2f}".rstrip("0").rstrip(".")
    except ValueError:
        return number


def _path(d):
    return " ".join(_shorten(word) for word in d.replace("\n", " ").split())


def _restyle(element):
    """style="..." would need a page that allows it: attributes and classes do not."""
    classes = []
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in ("fill", "stroke") and value in CLASSES:
            classes.append(f"{name}-{CLASSES[value]}")
        elif name in ("fill", "stroke") and value == "none" or name in (
                "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray",
                "text-anchor", "opacity"):
            element.set(name, value)
        elif name in ("fill", "stroke", "font", "") or not value:
            continue
    if classes:
        element.set("class", " ".join(classes))


def _clean(element):
    for child in list(element):
        if child.tag in (SVG + "metadata", SVG + "defs", SVG + "style", SVG + "use"):
            element.remove(child)
            continue
        _clean(child)
    for name in ("id", "clip-path"):
        element.attrib.pop(name, None)
    if "d" in element.attrib:
        element.set("d", _path(element.get("d")))
    _restyle(element)


def _svg(figure, says):
    """The figure as an <svg> element with a text for those who do not see it."""
    raw = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "tornbit", "svg.fonttype": "none"}):
        figure.savefig(raw, format="svg", transparent=True,
                       metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ET.fromstring(raw.getvalue())
    view = root.get("viewBox")
    _clean(root)
    ET.register_namespace("", SVG[1:-1])
    root.attrib.clear()
    root.set("viewBox", view)
    root.set("class", "plot")
    root.set("role", "img")
    root.set("aria-label", says)
    return ET.tostring(root, encoding="unicode")


def _figure(inches):
    figure = Figure(figsize=(WIDE, inches))
    return figure


def _axes(figure, left, right, top, bottom):
    """Margins in inches, so that they do not move with the picture's height."""
    high = figure.get_figheight()
    axes = figure.add_axes((left / WIDE, bottom / high, (WIDE - left - right) / WIDE,
                            (high - top - bottom) / high))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.spines["bottom"].set_linewidth(0.6)
    axes.tick_params(length=0, labelsize=9, labelcolor=QUIET, pad=4)
    axes.patch.set_visible(False)
    return axes


def _label(axes, x, y, text, **how):
    """A text of a trace is no formula, whatever dollar signs it has."""
    return axes.text(x, y, text, parse_math=False, fontsize=how.pop("size", 9), **how)


def _grouped(value, _place=None):
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"


# ---- time ------------------------------------------------------------------


def time_bars(rows, unit, says):
    """rows: (label, bus, wait, array), most important first, in one unit. Bus and wait
    make up a call and stand end to end; the array's time overlaps with both and is
    the thin line below them."""
    inches = 0.62 + 0.36 * len(rows)
    figure = _figure(inches)
    widest = max(len(line) for label, *_ in rows for line in label.split("\n"))
    axes = _axes(figure, 0.18 + 0.078 * widest, 0.3, 0.08, 0.5)
    for place, (label, bus, wait, array) in enumerate(rows):
        axes.barh(place - 0.08, bus, 0.42, color=BUS, linewidth=0)
        axes.barh(place - 0.08, wait, 0.42, left=bus, color=WAIT, linewidth=0)
        axes.barh(place + 0.24, array, 0.12, color=ARRAY, linewidth=0)
        _label(axes, -0.012, place, label, ha="right", va="center", color=INK,
               transform=axes.get_yaxis_transform())
    longest = max((max(bus + wait, array) for _, bus, wait, array in rows), default=0)
    axes.set_xlim(0, longest * 1.02 or 1)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.yaxis.set_major_locator(FixedLocator([]))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(_grouped))
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(unit, fontsize=9, color=QUIET, labelpad=4)
    return _svg(figure, says)


# ---- wear ------------------------------------------------------------------


def _columns_of(erases):
    """(highest, lowest) of each column of the outline, from left to right."""
    n = len(erases)
    columns = min(COLUMNS, n)
    for c in range(columns):
        these = erases[c * n // columns:(c + 1) * n // columns]
        yield max(these), min(these)


def _wear_axis(axes, most):
    axes.set_ylim(0, most * 1.08)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(_grouped))
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)


def wear(sectors, behind, says):
    """sectors: (first address, erases beyond those that all have), by address. A bar each, or
    from 65 on an outline: the highest of each column's sectors, and its lowest."""
    erases = [e for _, e in sectors]
    n, most = len(erases), max(erases)
    figure = _figure(1.9)
    axes = _axes(figure, 0.9, 0.15, 0.12, 0.5)
    if n <= BARS_MAX:
        axes.bar(range(n), erases, min(0.7, n * 0.03 + 0.05), color=WEAR, linewidth=0)
        axes.set_xlim(-0.7, n - 0.3)
        at = list(range(n))
    else:
        columns = list(_columns_of(erases))
        edges = [c * n / len(columns) for c in range(len(columns) + 1)]
        axes.stairs([high for high, _ in columns], edges, fill=True, color=PEAK, linewidth=0)
        axes.stairs([low for _, low in columns], edges, fill=True, color=WEAR, linewidth=0)
        axes.set_xlim(0, n)
        at = [place + 0.5 for place in range(n)]
    _wear_axis(axes, most)
    shown = range(0, n, max(1, -(-n // 6)))
    axes.xaxis.set_major_locator(FixedLocator([at[p] for p in shown]))
    axes.set_xticklabels([f"0x{sectors[p][0]:x}" for p in shown])
    axes.set_xlabel("address of the sector", fontsize=9, color=QUIET, labelpad=4)
    axes.set_ylabel(f"erases beyond\n{behind:,}" if behind else "erases", fontsize=9, color=QUIET, labelpad=6)
    return _svg(figure, says)
