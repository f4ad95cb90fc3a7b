"""How panels look: by Jupyter's own variables, so that light and dark themes both fit, and no script."""

from __future__ import annotations

SHEET = """<style>
.sc-panel{max-width:1040px;color:var(--jp-ui-font-color1,inherit);--sc-dim:var(--jp-ui-font-color2,#777);
--sc-edge:var(--jp-border-color2,#8885);--sc-good:#2e9e5b;--sc-warn:#d08700;--sc-bad:#d64545}
.sc-panel .widget-html,.sc-panel .widget-html-content{height:auto;line-height:1.45;min-width:0}
.sc-panel .sc-sheet{display:none}
.sc-panel .sc-row{display:flex;flex-flow:row wrap;align-items:flex-start;overflow:visible}
.sc-panel .sc-row>.sc-column{flex:1 1 280px;min-width:0}
.sc-panel .sc-column{display:flex;flex-flow:column;overflow:visible}
.sc-panel .sc-column>*{width:auto}
.sc-panel .sc-field{flex-direction:column;align-items:stretch;height:auto;margin:2px}
.sc-panel .sc-field>.widget-label{width:auto;text-align:left;font-weight:600;height:auto;line-height:1.4}
.sc-panel .sc-field>select,.sc-panel .sc-field>input,.sc-panel .sc-field>textarea{width:100%;box-sizing:border-box}
.sc-panel .sc-field>select[multiple]{height:auto}
.sc-panel button{width:auto;padding:0 12px;border-radius:3px}
.sc-panel :focus-visible{outline:2px solid var(--jp-brand-color1,#1976d2);outline-offset:1px}
.sc-card{border:1px solid var(--sc-edge);border-radius:6px;padding:10px 14px;margin:0 0 10px}
.sc-title{font-size:15px;font-weight:600}.sc-title b{display:inline-block;min-width:1.5em;color:var(--sc-dim)}
.sc-dim{color:var(--sc-dim)}
.sc-line{padding:2px 0 2px 8px;border-left:3px solid var(--sc-edge)}
.sc-line.good{border-color:var(--sc-good)}.sc-line.warn{border-color:var(--sc-warn)}
.sc-line.bad{border-color:var(--sc-bad)}
.sc-bar{display:flex;height:6px;border-radius:3px;overflow:hidden;background:var(--sc-edge);max-width:420px}
.sc-bar i{display:block}.sc-bar .good{background:var(--sc-good)}.sc-bar .warn{background:var(--sc-warn)}
.sc-bar .bad{background:var(--sc-bad)}
.sc-scroll{overflow:auto;max-width:100%;max-height:420px}
.sc-scroll table{border-collapse:collapse;font-size:12px;margin:0}
.sc-scroll th,.sc-scroll td{padding:3px 8px;text-align:left;white-space:nowrap;vertical-align:top;
border-bottom:1px solid var(--sc-edge);max-width:340px;overflow:hidden;text-overflow:ellipsis}
.sc-scroll td.wrap{white-space:normal}.sc-scroll td.n,.sc-scroll th.n{text-align:right}
.sc-code{user-select:all;margin:0;padding:8px 10px;border-radius:4px;background:var(--jp-layout-color2,#8882);
color:inherit;font:12px/1.5 var(--jp-code-font-family,monospace);white-space:pre-wrap;word-break:break-word}
</style>"""
"""One style sheet for everything; it stands in each panel, since a notebook may show any of them alone."""
