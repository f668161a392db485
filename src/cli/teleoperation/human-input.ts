/**
 * @file What a human holds down right now, on a terminal, a page's keyboard or a gamepad. A dead man's switch is in it: what is not renewed
 * in time counts as let go.
 */

/** Keys and sticks at one moment, as a page tells them. */
export interface InputState {
  /** Names of keys that are down, as in `KEY_TABLE`. */
  readonly keys: readonly string[];
  /** Sticks, −1 to 1, in the order of the browser's standard gamepad: left x, left y, right x, right y. Right and down are positive. */
  readonly axes: readonly number[];
  /** Indices of the gamepad's buttons that are down, in the standard order. */
  readonly buttons: readonly number[];
}

/** Nothing is held down. */
export const NOTHING: InputState = { keys: [], axes: [], buttons: [] };

/** What a human may ask of the session. */
export type SessionRequest = 'again' | 'quit';

/** A terminal tells of presses only, and repeats them: a key counts as down for so long, seconds. Its first repeat takes half a second. */
const KEY_SECONDS = 0.55;
/** A page says what is down many times a second; silence this long is a hand that let go, or a page that is gone. */
const PAGE_SECONDS = 0.3;

/** Keys that ask something of the session. */
const REQUESTS: Readonly<Record<string, SessionRequest>> = { Backspace: 'again', Escape: 'quit' };
/** The same on a gamepad: "back" and the large button. */
const BUTTON_REQUESTS: Readonly<Record<number, SessionRequest>> = { 8: 'again', 16: 'quit' };
/** Toggles on a press: the space bar, and button A or R1. */
const TOGGLE_KEY = ' ';
const TOGGLE_BUTTONS = [0, 5];

/** The state of all inputs of one human; times are seconds on one clock. */
export class HumanInput {
  private readonly until = new Map<string, number>();
  private page: InputState = NOTHING;
  private pageUntil = -Infinity;
  private asked: SessionRequest | null = null;
  private toggles = 0;

  /** A key press from a terminal. */
  press(key: string, now: number): void {
    this.note([key], []);
    this.until.set(key, now + KEY_SECONDS);
  }

  /** What a page says is down. Presses are what was not down before. */
  set(state: InputState, now: number): void {
    const before = now < this.pageUntil ? this.page : NOTHING;
    this.note(
      state.keys.filter((key) => !before.keys.includes(key)),
      state.buttons.filter((button) => !before.buttons.includes(button)),
    );
    [this.page, this.pageUntil] = [state, now + PAGE_SECONDS];
  }

  /** The keys that are down. */
  keys(now: number): ReadonlySet<string> {
    const held = [...this.until].filter(([, until]) => now < until).map(([key]) => key);
    return new Set([...held, ...(now < this.pageUntil ? this.page.keys : [])]);
  }

  /** A stick, −1 to 1; 0 where there is none. */
  axis(index: number, now: number): number {
    const value = now < this.pageUntil ? (this.page.axes[index] ?? 0) : 0;
    return Number.isFinite(value) ? Math.min(1, Math.max(-1, value)) : 0;
  }

  /** Whether a gamepad's button is down. */
  button(index: number, now: number): boolean {
    return now < this.pageUntil && this.page.buttons.includes(index);
  }

  /** How often the toggle was pressed since the last call. */
  takeToggles(): number {
    const { toggles } = this;
    this.toggles = 0;
    return toggles;
  }

  /** What was asked of the session since the last call. */
  takeRequest(): SessionRequest | null {
    const { asked } = this;
    this.asked = null;
    return asked;
  }

  private note(keys: readonly string[], buttons: readonly number[]): void {
    for (const key of keys) {
      if (key === TOGGLE_KEY) this.toggles++;
      this.ask(REQUESTS[key]);
    }
    for (const button of buttons) {
      if (TOGGLE_BUTTONS.includes(button)) this.toggles++;
      this.ask(BUTTON_REQUESTS[button]);
    }
  }

  private ask(request: SessionRequest | undefined): void {
    if (request !== undefined && this.asked !== 'quit') this.asked = request;
  }
}
