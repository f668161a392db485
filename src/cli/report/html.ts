/** @file HTML as tagged templates: everything that is put in is escaped, except HTML made the same way. */

/** A piece of finished markup. */
export interface Html {
  readonly markup: string;
}

/** What may stand in a template: text (escaped), numbers, markup, lists of them; null and false vanish. */
export type Piece = string | number | Html | null | false | readonly Piece[];

/** html`<p>${text}</p>` */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  // Indentation of our source is not content; that of the pieces is (JSON in <pre>).
  const markup = strings
    .map((text, i) => text.replaceAll(/\n\s+/g, '\n') + (i < pieces.length ? render(pieces[i]!) : ''))
    .join('');
  return { markup };
}

/** Markup that is already safe: our own style sheet, base64 images. */
export function trusted(markup: string): Html {
  return { markup };
}

function render(piece: Piece): string {
  if (piece === null || piece === false) return '';
  if (typeof piece === 'number') return String(piece);
  if (typeof piece === 'string') return escape(piece);
  if (Array.isArray(piece)) return piece.map((one: Piece) => render(one)).join('');
  return (piece as Html).markup;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A coordinate with two decimals at most: reports hold thousands of them. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}
