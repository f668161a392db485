/** @file Which of a robot's cameras is at a wrist: what protocols with fixed names for cameras need to know. */

/** By its name: "wrist" in it, or robosuite's "eye_in_hand", as LIBERO has it. */
export function isWristCamera(name: string): boolean {
  return /wrist|eye_in_hand/i.test(name);
}
