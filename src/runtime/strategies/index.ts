/** @file All strategies of real-time execution. */

export { alignedAsynchronous, type AlignedConfig } from './aligned-asynchronous.ts';
export { continued } from './continued.ts';
export { futureState, lastActionAsState, type FutureStateConfig, type PredictState } from './future-state.ts';
export { naiveAsynchronous } from './naive-asynchronous.ts';
export { synchronous } from './synchronous.ts';
export { temporalEnsembling, type EnsemblingConfig } from './temporal-ensembling.ts';
