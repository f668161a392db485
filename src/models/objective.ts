/** @file What a training step teaches: which losses count, how much, and what they may change. */

/** Weights of the losses on robot samples; 0 leaves one out. */
export interface Objective {
  /** Flow matching on action chunks. */
  readonly flow: number;
  /** Next-token prediction of the answer behind the prompt (reasoning, discrete actions). */
  readonly text: number;
  /** Proposals of the vision-language model itself (choice policy); left out: 0. */
  readonly choice?: number;
  /** The task's progress at the end of a chunk, where the model tells it; left out: 0, and the model is not told progress either. */
  readonly progress?: number;
  /** `all`: the action expert reads the vision-language model without teaching it (knowledge insulation). */
  readonly insulation: 'none' | 'all';
}

/** Action chunks alone, through the whole model. */
export const ACTIONS: Objective = { flow: 1, text: 0, insulation: 'none' };
