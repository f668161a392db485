/** @file Errors as clients read them: code, message and hint; where in our code they arose only where that was asked for. */

import { VlaError, isErrorCode } from '../base/errors.ts';

const LONGEST = 4000;

/** `error[bad-shape]: expected …`, the hint on a second line, and with `tracebacks` the stack. */
export function errorText(error: unknown, tracebacks: boolean): string {
  const known = error instanceof VlaError ? error : null;
  const message = known?.message ?? 'the server failed; its log says more.';
  const hint = known?.hint === undefined ? '' : `\nhint: ${known.hint}`;
  const { stack, cause } = error instanceof Error ? error : new Error(String(error));
  const trace = cause instanceof Error ? `${stack}\ncaused by ${cause.stack}` : stack;
  return (
    `error[${known?.code ?? 'unsupported'}]: ${message}${hint}`.slice(0, LONGEST) + (tracebacks ? `\n${trace}` : '')
  );
}

/** The error of such a text; any other text is that of a server that is not ours: `unsupported`, with its last line. */
export function errorOfText(text: string, where: string): VlaError {
  const ours = /^error\[([a-z-]+)\]: ([^\n]*)(?:\nhint: ([^\n]*))?/.exec(text);
  const code = ours?.[1];
  if (ours !== null && code !== undefined && isErrorCode(code)) {
    return new VlaError(code, `${where}: ${ours[2]}`, ours[3] === undefined ? {} : { hint: ours[3] });
  }
  const last = text.trim().split('\n').at(-1)!.slice(0, 500);
  return new VlaError('unsupported', `${where}: the server failed: ${last}`, {
    cause: new Error(text.slice(0, LONGEST)),
    hint: 'The server’s log says more; often the observation has other fields than it expects.',
  });
}
