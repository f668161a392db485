/** @file The page for driving: pictures, a line, the keys. */

/** The page's HTML; `help` says what the keys do. */
export function pageHtml(help: readonly string[]): string {
  const items = [
    ...help,
    'Backspace begins anew, Escape quits',
    'gamepad: sticks move and turn, A is the gripper, Back begins anew',
  ]
    .map((line) => `<li>${escaped(line)}</li>`)
    .join('');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>vlakit teleoperate</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; background: #14161a; color: #e8e8e8; }
  #pictures { display: flex; gap: 1rem; flex-wrap: wrap; }
  canvas { width: min(44vw, 512px); image-rendering: pixelated; border-radius: 6px; background: #000; }
  #line[data-outcome=success] { color: #7fd67f; }
  #line[data-outcome=wrong], #line[data-outcome=failure], #line[data-outcome=ended] { color: #ff9b80; }
  ul { columns: 2; padding-left: 1.2rem; color: #b0b4bc; }
</style>
<div id="pictures"></div>
<p id="line" role="status">connecting …</p>
<ul>${items}</ul>
<script type="module">import { startPage } from '/page-script.js'; startPage();</script>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
