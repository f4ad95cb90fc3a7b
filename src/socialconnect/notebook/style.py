"""How panels look: by Jupyter's own variables, so that light and dark themes both fit, and no script."""

from __future__ import annotations

SHEET = """<style>
.sc-panel{width:100%;max-width:1040px;flex-flow:column;box-sizing:border-box;color:var(--jp-ui-font-color1,inherit);
--sc-dim:var(--jp-ui-font-color2,#777);--sc-edge:var(--jp-border-color2,#8885);
--sc-good:#2e9e5b;--sc-warn:#d08700;--sc-bad:#d64545}
[data-jp-theme-light="false"] .sc-panel,.vscode-dark .sc-panel{color-scheme:dark}
.sc-panel .widget-html,.sc-panel .widget-html-content{height:auto;line-height:1.45;min-width:0;max-width:100%}
.sc-panel .widget-html-content{flex:1 1 auto;overflow-wrap:anywhere}
.sc-panel .sc-sheet{display:none}
.sc-panel .sc-row{display:flex;flex-flow:row wrap;align-items:flex-start;gap:0 8px;overflow:visible;min-width:0}
.sc-panel .sc-row>.sc-column{flex:1 1 280px}
.sc-panel .sc-column{display:flex;flex-flow:column;overflow:visible;min-width:0;max-width:100%}
.sc-panel .sc-column>*{width:auto}
.sc-panel .sc-field{flex-direction:column;align-items:stretch;height:auto;min-width:0;margin:2px;width:auto}
.sc-panel .sc-field>.widget-label{width:auto;text-align:left;font-weight:600;height:auto;line-height:1.5}
.sc-panel .sc-field>select,.sc-panel .sc-field>input,.sc-panel .sc-field>textarea{flex:none;width:100%;min-height:28px;
box-sizing:border-box}
.sc-panel .sc-field>select{height:28px}.sc-panel .sc-field>select[multiple]{height:auto}
.sc-panel button{width:auto;padding:0 12px;border-radius:3px}
.sc-panel :focus-visible{outline:2px solid var(--jp-brand-color1,#1976d2);outline-offset:1px}
.sc-panel .sc-grid{display:grid;grid-template-columns:minmax(min(124px,34%),1fr) minmax(0,4fr);gap:0 12px;
align-items:center}.sc-panel .sc-grid>*{width:auto;min-width:0;margin-top:0;margin-bottom:0}
.sc-counted{display:flex;flex-wrap:wrap;align-items:center;gap:3px 12px;line-height:1.5;padding:2px 0}
.sc-counted .sc-bar{flex:0 1 160px}
.sc-panel a{color:var(--jp-content-link-color,#1976d2);text-decoration:underline}
.sc-panel .sc-inputs{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));align-content:start;
flex:1 1 280px;min-width:0;overflow:visible}
.sc-panel .sc-card{border:1px solid var(--sc-edge);border-radius:6px;padding:10px 14px;margin:0 0 10px;
box-sizing:border-box}
.sc-panel .sc-resource-picker+.sc-resource-picker{border-top:1px solid var(--sc-edge);margin-top:10px;padding-top:8px}
.sc-panel .sc-name .widget-label{width:auto}
.sc-panel .sc-bars{justify-content:space-between;margin:6px 0}
.sc-title{font-size:15px;font-weight:600}.sc-dim{color:var(--sc-dim)}.sc-gap{margin:8px 0 4px}
.sc-line{padding:2px 0 2px 8px;border-left:3px solid var(--sc-edge);margin:1px 0}
.sc-line.good{border-color:var(--sc-good)}.sc-line.warn{border-color:var(--sc-warn)}
.sc-line.bad{border-color:var(--sc-bad)}
.sc-bar{display:flex;height:6px;border-radius:3px;overflow:hidden;background:var(--sc-edge);max-width:420px}
.sc-bar i{display:block}.sc-bar .good{background:var(--sc-good)}.sc-bar .warn{background:var(--sc-warn)}
.sc-bar .bad{background:var(--sc-bad)}
.sc-scroll{overflow:auto;max-width:100%;max-height:420px}
.sc-panel .sc-scroll table{border-collapse:collapse;font-size:12px;margin:0}
.sc-panel .sc-scroll th,.sc-panel .sc-scroll td{padding:3px 10px 3px 0;text-align:left;white-space:nowrap;
vertical-align:top;border-bottom:1px solid var(--sc-edge);max-width:340px;overflow:hidden;text-overflow:ellipsis}
.sc-panel .sc-words td{white-space:normal;max-width:520px}
.sc-panel .sc-scroll td.n,.sc-panel .sc-scroll th.n{text-align:right}
.sc-panel .sc-code{user-select:all;margin:0;padding:8px 10px;border-radius:4px;background:var(--jp-layout-color2,#8882);
color:inherit;font:12px/1.5 var(--jp-code-font-family,monospace);white-space:pre-wrap;overflow:auto;max-height:420px}
.sc-panel .sc-facts{display:grid;grid-template-columns:auto 1fr;gap:1px 14px;margin:4px 0}
.sc-panel .sc-facts>.sc-dim{white-space:nowrap}
.sc-panel p{margin:4px 0}
.sc-panel code{font:12px/1.5 var(--jp-code-font-family,monospace);background:none;color:inherit}
.sc-panel .sc-copy{user-select:all;background:var(--jp-layout-color2,#8882);border-radius:3px;padding:1px 5px}
.sc-panel a.sc-connect-link{display:inline-block;padding:0 14px;line-height:28px;border-radius:3px;text-decoration:none;
background:var(--jp-brand-color1,#1976d2);color:#fff;font-weight:600}
.sc-panel a.sc-connect-link:hover{filter:brightness(1.1)}
.sc-panel .sc-connect-open{margin:2px}.sc-panel .sc-middle{align-items:center}
.sc-panel .sc-connect{width:100%;max-width:760px}
.sc-panel .sc-end{border-left-width:4px}.sc-end.good b{color:var(--sc-good)}.sc-end.bad b{color:var(--sc-bad)}
.sc-end.warn b{color:var(--sc-warn)}
</style>"""
"""One style sheet for everything; it stands in each panel, since a notebook may show any of them alone."""
