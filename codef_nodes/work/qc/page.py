"""The QC sheet as a page of its own: no scripts, every picture inside, all text escaped."""

import base64
from html import escape

from codef_nodes.work.qc.contents import Contents
from codef_nodes.work.qc.plots import svg_plot
from codef_nodes.work.qc.words import coverage_note, group_rows, pin_rows, worst_note
from engine.arrays import U8

_STYLE = """
:root { color-scheme: dark }
body { margin: 0; background: #1b1b1b; color: #bebebe;
  font: 14px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif }
main { max-width: 1480px; margin: 0 auto; padding: 40px 32px 64px }
h1 { color: #e2e2e2; font-size: 26px; font-weight: 600; margin: 0 0 16px; overflow-wrap: anywhere }
h2 { color: #e2e2e2; font-size: 16px; font-weight: 600; margin: 36px 0 10px }
h2 small { color: #8a8a8a; font-size: 13px; font-weight: 400; margin-left: 8px }
dl { display: flex; flex-wrap: wrap; gap: 10px 30px; margin: 0; padding: 0 0 18px;
  border-bottom: 1px solid #3e3e3e }
dt { color: #8a8a8a; font-size: 12px } dd { margin: 0; color: #e2e2e2; font-size: 15px }
.row { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)) }
.plots { grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)) }
.maps { grid-template-columns: repeat(3, minmax(0, 1fr)); margin-bottom: 14px }
figure { margin: 0 } figure img, svg { display: block; width: 100%; height: auto;
  background: #131313; border: 1px solid #3e3e3e; box-sizing: border-box }
figcaption { padding: 6px 0 0; color: #a8a8a8; font-size: 13px }
.key { margin-left: 14px; white-space: nowrap }
.key i { display: inline-block; width: 16px; height: 3px; margin: 0 6px 4px 0 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
td, th { text-align: left; padding: 6px 12px; font-weight: 400 }
th { color: #8a8a8a } tbody tr:nth-child(odd) { background: #131313 }
details { margin-top: 12px } summary { cursor: pointer }
""".strip()


def draw_page(contents: Contents) -> str:
    """The page as HTML."""
    title = escape(contents.title)
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in contents.facts
    )
    checker = [_figure(picture, f"Frame {frame}") for frame, picture in contents.checker]
    worst = [
        _figure(picture, f"Frame {frame}: {worst_note(contents, frame)}")
        for frame, picture in contents.worst
    ]
    parts = [
        f"<h1>{title}</h1><dl>{facts}</dl>",
        _section("Checker", "carried from the canonical image", "row", checker),
        _section("Figures", "", "row plots", [_plot(contents, n) for n in range(3)]),
        _section("Least believed frames", "orange: not believed", "row", worst),
        _section("Canvas", "all that the shot ever shows", "row maps", _maps(contents)),
        _groups(contents),
        _pins(contents),
        _table(contents),
    ]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        f"<title>QC: {title}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _section(title: str, note: str, kind: str, items: list[str]) -> str:
    if not items:
        return ""
    small = f"<small>{escape(note)}</small>" if note else ""
    return f'<h2>{escape(title)}{small}</h2><div class="{kind}">{"".join(items)}</div>'


def _figure(picture: U8, caption: str) -> str:
    text = escape(caption)
    return (
        f'<figure><img alt="{escape(caption, quote=True)}" src="{_inside(picture)}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _inside(picture: U8) -> str:
    """A picture as a data address: photographs as JPEG."""
    import cv2

    turned = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", turned, [cv2.IMWRITE_JPEG_QUALITY, 88])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode('ascii')}"


def _plot(contents: Contents, number: int) -> str:
    plot = contents.plots[number]
    keys = ""
    if len(plot.lines) > 1:
        keys = " ".join(
            f'<span class="key"><i style="background:rgb{line.colour}"></i>'
            f"{escape(line.name)}</span>"
            for line in plot.lines
        )
    unit = f", {escape(plot.unit)}" if plot.unit else ""
    return (
        f"<figure>{svg_plot(plot, 560, 230)}"
        f"<figcaption>{escape(plot.title)}{unit}{keys}</figcaption></figure>"
    )


def _maps(contents: Contents) -> list[str]:
    several = len(contents.layers) > 1
    found = []
    for k, name in enumerate(contents.layers):
        of = f" of {name}" if several else ""
        on = f" on {name}" if several else ""
        found += [
            _figure(contents.stills[k], f"Canonical image{of}"),
            _figure(contents.coverage[k], f"Coverage{of}: {coverage_note(contents, k)}"),
            _figure(contents.pins[k], f"Where a pin{on} pays; orange: not believed"),
        ]
    return found


def _groups(contents: Contents) -> str:
    items = "".join(f"<tr><td>{escape(row)}</td></tr>" for row in group_rows(contents))
    return f"<h2>Groups</h2><table><tbody>{items}</tbody></table>" if items else ""


def _pins(contents: Contents) -> str:
    rows = pin_rows(contents) or ["Nothing is in doubt."]
    items = "".join(f"<tr><td>{n}</td><td>{escape(row)}</td></tr>" for n, row in enumerate(rows, 1))
    return f"<h2>Next pins or painted frames</h2><table><tbody>{items}</tbody></table>"


def _table(contents: Contents) -> str:
    rows = "".join(
        f"<tr><td>{each.frame}</td><td>{each.confidence:.3f}</td><td>{each.psnr:.2f}</td>"
        f"<td>{each.psnr_edit_path:.2f}</td><td>{100 * each.fold_share:.3f} %</td></tr>"
        for each in contents.review.frames
    )
    return (
        "<details><summary>Every frame</summary><table><thead><tr><th>Frame</th>"
        "<th>Confidence</th><th>PSNR, dB</th><th>Edit path, dB</th><th>Folded</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></details>"
    )
