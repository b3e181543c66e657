"""Bars as SVG: few enough lines to need no library."""

from xml.sax.saxutils import escape

WIDTH, LABEL, NUMBER, BAR, TOP = 760, 250, 90, 22, 44
OURS, OTHERS = "#1f6feb", "#8b949e"


def bars(title, rows, unit):
    """Horizontal bars from zero, ours in another colour."""
    rows = [(name, value) for name, value in rows if value is not None]
    largest = max((value for _, value in rows), default=1) or 1
    height = TOP + len(rows) * (BAR + 8) + 12
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
             'font-family="system-ui, sans-serif" font-size="13">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
             f'<text x="12" y="26" font-size="15" font-weight="600">{escape(title)}</text>']
    for index, (name, value) in enumerate(rows):
        y = TOP + index * (BAR + 8)
        length = max(1, (WIDTH - LABEL - NUMBER) * value / largest)
        colour = OURS if name.startswith("strongroom") else OTHERS
        parts += [f'<text x="{LABEL - 8}" y="{y + 16}" text-anchor="end">{escape(name)}</text>',
                  f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" fill="{colour}"/>',
                  f'<text x="{LABEL + length + 6:.1f}" y="{y + 16}">{value:,.4g} {escape(unit)}</text>']
    return "\n".join([*parts, "</svg>", ""])
