/** @file What a policy sees at one instant: camera images, proprioception and an instruction. */

/** An RGB image, height × width × 3 bytes (HWC), row 0 at the top. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** One instant, as the robot hands it over. */
export interface Observation {
  /** Camera name → image. */
  readonly images: Readonly<Record<string, Image>>;
  /** Proprioception in the embodiment's units, `embodiment.state.names.length` values. */
  readonly state: Float32Array;
  /** What the human says. */
  readonly instruction: string;
  /** Control periods since the episode began; left out where nobody counts. */
  readonly tick?: number;
}
