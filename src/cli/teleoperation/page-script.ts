/** @file The page's script: tells what is held down twenty times a second, and draws what it is sent. Runs in the browser. */

import type { InputState } from './human-input.ts';
import { unpackPicture, type PageStatus } from './page-messages.ts';

/** Milliseconds. The session takes silence for hands that let go. */
const TELL_MS = 50;

const down = new Set<string>();
/** Pressed since the session was told last: a short press must not fall between two tellings. */
const fresh = new Set<string>();
const nameOf = (event: KeyboardEvent): string => (event.key.length === 1 ? event.key.toLowerCase() : event.key);

function held(): InputState {
  const gamepad = navigator.getGamepads().find((pad) => pad !== null && pad.connected) ?? null;
  return {
    keys: [...new Set([...down, ...fresh])],
    axes: gamepad === null ? [] : gamepad.axes.slice(0, 4),
    buttons: (gamepad?.buttons ?? []).flatMap((button, i) => (button.pressed ? [i] : [])),
  };
}

const element = (id: string): HTMLElement => document.querySelector<HTMLElement>(`#${id}`)!;
const canvases = new Map<number, CanvasRenderingContext2D>();

function draw(bytes: Uint8Array): void {
  const { camera, width, height, rgba } = unpackPicture(bytes);
  let context = canvases.get(camera);
  if (context === undefined) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width, height];
    element('pictures').append(canvas);
    context = canvas.getContext('2d')!;
    canvases.set(camera, context);
  }
  context.putImageData(new ImageData(rgba, width, height), 0, 0);
}

/** Listens to keyboard and gamepad, and connects to the session that the page's address names. */
export function startPage(): void {
  listenToKeys();
  const socket = new WebSocket(`ws://${location.host}/session${location.search}`);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data !== 'string') return draw(new Uint8Array(data));
    const { line, outcome, tick, kept, told } = JSON.parse(data) as PageStatus;
    const shown = element('line');
    shown.textContent = line;
    Object.assign(shown.dataset, { outcome, tick, kept, told: told.map((value) => value.toFixed(2)).join(' ') });
  });
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > 0) return;
    socket.send(JSON.stringify(held()));
    fresh.clear();
  }, TELL_MS);
  socket.addEventListener('close', ({ reason }) => {
    clearInterval(timer);
    element('line').textContent = reason === '' ? 'The session has ended.' : reason;
    element('line').dataset['outcome'] = 'ended';
  });
}

function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    down.add(nameOf(event));
    if (!event.repeat) fresh.add(nameOf(event));
    if ([' ', 'Backspace', 'ArrowUp', 'ArrowDown'].includes(event.key)) event.preventDefault();
  });
  addEventListener('keyup', (event) => down.delete(nameOf(event)));
  // A page that is not looked at gets no keyup.
  addEventListener('blur', () => down.clear());
  document.addEventListener('visibilitychange', () => down.clear());
}
