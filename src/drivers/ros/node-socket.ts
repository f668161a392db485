/** @file The WebSocket of a rosbridge in Node, by the package `ws`. Node only. */

import { WebSocket } from 'ws';
import type { OpenRosSocket, RosSocket } from './rosbridge.ts';

const LARGEST_MESSAGE = 64_000_000;

/** Opens a WebSocket; text comes as strings, as in browsers. */
export const openNodeSocket: OpenRosSocket = (url) =>
  new WebSocket(url, { maxPayload: LARGEST_MESSAGE, perMessageDeflate: false }) as unknown as RosSocket;
