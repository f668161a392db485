/** @file A chart as an SVG file of its own: with its style inside and colours that every renderer of SVG knows. */

import { html, trusted, type Html } from './html.ts';

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
const STYLE = `
text { font: 13px ${FONT}; fill: #17191e; } .tick { font-size: 11px; fill: #5c6370; } .strong { font-weight: 650; font-size: 14px; }
.faint { fill: #5c6370; font-size: 12px; } .grid { stroke: #e5e6ea; } .axis { stroke: #b9bec8; }
.whisker { stroke-width: 1.6; fill: none; } .series { fill: none; stroke-width: 2; stroke-linejoin: round; }`;

/** The file's text; width and height in pixels. `title` is read out by screen readers. */
export function svgDocument(title: string, width: number, height: number, body: Html): string {
  return `${
    html`<svg
      xmlns="http://www.w3.org/2000/svg"
      viewBox="0 0 ${width} ${height}"
      width="${width}"
      height="${height}"
      role="img"
      aria-label="${title}"
    >
      <style>
        ${trusted(STYLE)}
      </style>
      <rect width="${width}" height="${height}" fill="#ffffff" />
      ${body}
    </svg>`.markup
  }\n`;
}

/** Text at a place; `anchor` says which end of it stands there. */
export function label(
  text: string,
  x: number,
  y: number,
  anchor: 'start' | 'middle' | 'end' = 'start',
  kind: 'tick' | 'strong' | 'faint' | 'plain' = 'plain',
): Html {
  // In one line: white space inside a text element would be drawn.
  return html`<text
    class="${kind}"
    x="${Math.round(x * 100) / 100}"
    y="${Math.round(y * 100) / 100}"
    text-anchor="${anchor}"
    >${text}</text
  >`;
}
