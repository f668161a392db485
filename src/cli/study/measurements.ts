/** @file The kinds of measurements by name: a table that is complete by type. A new kind is one file and one line in each. */

import { lookUp } from '../../base/errors.ts';
import type { MeasurementConfig, NamedMeasurement } from '../../../recipes/studies/measurement-config.ts';
import { answers } from './answers.ts';
import type { Measurement } from './measurement.ts';
import { realTime } from './real-time.ts';
import { success } from './success.ts';

type Table = { readonly [K in MeasurementConfig['kind']]: Measurement<Extract<MeasurementConfig, { kind: K }>> };

const MEASUREMENTS: Table = { success, answers, 'real-time': realTime };

/** The measurement that a configuration names. */
export function measurementOf(config: MeasurementConfig): Measurement<MeasurementConfig> {
  return lookUp<Measurement<NamedMeasurement>>(
    'measurement',
    config.kind,
    MEASUREMENTS as unknown as Readonly<Record<string, Measurement<NamedMeasurement>>>,
  ) as Measurement<MeasurementConfig>;
}
