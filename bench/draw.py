"""Bars as SVG, for figures that people compare. The scale is logarithmic where the values are far apart, and says so."""
import html
import math

WIDTH, LABELS, BAR, GAP = 760, 330, 20, 9
OURS, OTHERS = "#2563eb", "#9ca3af"


def bars(title, unit, values):
    """`values`: (label, value, whether it is Mayfly's). Returns the SVG's text."""
    most, least = max(value for _, value, _ in values), min(value for _, value, _ in values)
    logarithmic = most / least > 30
    floor = 10 ** math.floor(math.log10(least)) if logarithmic else 0
    room = WIDTH - LABELS - 90

    def length(value):
        if logarithmic:
            return room * math.log10(value / floor) / math.log10(most / floor)
        return room * value / most

    rows = []
    for number, (label, value, ours) in enumerate(values):
        top = 44 + number * (BAR + GAP)
        middle = top + BAR * 0.72
        size = max(2, length(value))
        rows.append(f'<text x="{LABELS - 8}" y="{middle:.1f}" text-anchor="end">{html.escape(label)}</text>'
                    f'<rect x="{LABELS}" y="{top}" width="{size:.1f}" height="{BAR}" rx="3" fill="{OURS if ours else OTHERS}"/>'
                    f'<text x="{LABELS + size + 6:.1f}" y="{middle:.1f}">{value:,.{2 if value < 10 else 0}f}</text>')
    height = 44 + len(values) * (BAR + GAP) + 8
    scale = f"{unit}{', logarithmic' if logarithmic else ''}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="{html.escape(title)}">'
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
            f'<text x="12" y="24" font-size="15" font-weight="600">{html.escape(title)} <tspan font-weight="400" fill="#6b7280">({html.escape(scale)})</tspan></text>'
            + "".join(rows) + "</svg>\n")
