/** @file What happens in a room, in words: what is there, the steps of the errand, why the present one is next. */

import { landmarkName, type Room } from './room.ts';
import { SIDES, type Errand, type ROOM_SUBTASKS } from './tasks.ts';

type Subtask = (typeof ROOM_SUBTASKS)[number];

/** "A red pillar, a blue box and a green ball are in the room." */
export function roomSentence({ landmarks }: Room): string {
  const names = landmarks.map((landmark) => `a ${landmarkName(landmark)}`);
  const last = names.pop()!;
  return `${capitalised(names.length === 0 ? last : `${names.join(', ')} and ${last}`)} are in the room.`;
}

/** The steps of an errand as instructions, which of them a subtask is, and why it is next. */
export function errandSteps(
  { room, target, first, side }: Errand,
  subtask: Subtask,
): { readonly steps: readonly string[]; readonly present: number; readonly plan: string } {
  const end = landmarkName(room.landmarks[target]!);
  const goal = side === null ? end : `place ${SIDES[side]!.name} the ${end}`;
  const parts: (readonly [subtask: Subtask, instruction: string, because: string])[] = [
    ['go to the goal', `go to the ${goal}`, `the robot is not at the ${goal}`],
    ['stop', 'face it and stop', `the robot is at the ${goal}`],
  ];
  if (first !== null) {
    const name = landmarkName(room.landmarks[first]!);
    parts.unshift(['go to the first', `go to the ${name}`, `the robot has not been at the ${name}`]);
  }
  const present = parts.findIndex(([name]) => name === subtask);
  const [, instruction, because] = parts[present]!;
  return {
    steps: parts.map(([, step]) => step),
    present,
    plan: `${capitalised(because)}, so the robot should ${instruction}.`,
  };
}

function capitalised(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
