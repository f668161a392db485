/** @file The frame of every page we write: one file, no script, and a policy that forbids all requests. */

import { html, trusted, type Html } from './html.ts';
import { STYLE } from './style.ts';

/** A whole HTML document. */
export function page(title: string, body: Html): string {
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(policy)}" />
        <title>${title}</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <main>
          ${body}
          <footer>Made by vlakit. One file; nothing is loaded from elsewhere.</footer>
        </main>
      </body>
    </html> `.markup;
}
