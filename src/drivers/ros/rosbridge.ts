/**
 * @file A connection to rosbridge, which lends a ROS graph to whoever speaks JSON over a WebSocket (protocol 2,
 * https://github.com/RobotWebTools/rosbridge_suite, ROSBRIDGE_PROTOCOL.md). In Node and in browsers.
 */

import { VlaError } from '../../base/errors.ts';

/** What is used of a WebSocket; those of browsers and of the package `ws` are some. */
export interface RosSocket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'error' | 'close', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** Opens a WebSocket to a URL, `ws://127.0.0.1:9090`. */
export type OpenRosSocket = (url: string) => RosSocket;

/** How a subscription is asked for. */
export interface Subscription {
  readonly topic: string;
  /** As ROS 2 names it: `sensor_msgs/msg/JointState`. */
  readonly type: string;
}

const OPEN = 1;
/** Larger messages are dropped, characters: a 1080p image as base64 has 8 million. */
const LONGEST_MESSAGE = 32_000_000;
/** A line on which so many bytes wait to be sent is stuck. */
const MOST_WAITING = 1_000_000;

/** A connection; `failure` says why it is down. */
export class Rosbridge {
  readonly url: string;
  /** Messages that were no JSON of the protocol, or too long. */
  malformed = 0;
  /** What the server complained about last; null when nothing. */
  complaint: string | null = null;
  private readonly socket: RosSocket;
  private readonly listeners = new Map<string, (message: unknown) => void>();
  private readonly advertised = new Set<string>();
  private down: VlaError | null = null;

  private constructor(url: string, socket: RosSocket) {
    [this.url, this.socket] = [url, socket];
    socket.addEventListener('message', ({ data }) => this.hear(data));
    socket.addEventListener('close', () => this.fail('the connection was closed'));
    socket.addEventListener('error', () => this.fail('the connection failed'));
  }

  /** Connects; rejects with `io` when nobody answers within `seconds`. */
  static connect(url: string, open: OpenRosSocket, seconds = 5): Promise<Rosbridge> {
    return new Promise((resolve, reject) => {
      const socket = open(url);
      const bridge = new Rosbridge(url, socket);
      const refuse = (): void => {
        clearTimeout(timer);
        bridge.fail('nobody answered');
        reject(bridge.down!);
      };
      const timer = setTimeout(() => {
        refuse();
        socket.close();
      }, 1000 * seconds);
      socket.addEventListener('open', () => {
        clearTimeout(timer);
        bridge.send({ op: 'set_level', level: 'error' });
        resolve(bridge);
      });
      socket.addEventListener('error', refuse);
      socket.addEventListener('close', refuse);
    });
  }

  /** Throws `io` when the connection is down. */
  requireOpen(): void {
    if (this.down !== null) throw this.down;
    if (this.socket.bufferedAmount > MOST_WAITING) this.fail('it takes nothing anymore');
    if (this.down !== null) throw this.down;
  }

  /** Hears the newest message of a topic, again and again; older ones are dropped by the server when it is slow. */
  subscribe({ topic, type }: Subscription, hear: (message: unknown) => void): void {
    this.listeners.set(topic, hear);
    this.send({ op: 'subscribe', id: `subscribe:${topic}`, topic, type, queue_length: 1, throttle_rate: 0 });
  }

  /** Announces that it will publish on a topic. */
  advertise({ topic, type }: Subscription): void {
    this.advertised.add(topic);
    this.send({ op: 'advertise', id: `advertise:${topic}`, topic, type });
  }

  /** Publishes a message; throws `io` when the connection is down. */
  publish(topic: string, msg: unknown): void {
    this.send({ op: 'publish', topic, msg });
  }

  /** Takes back subscriptions and announcements, and closes. */
  close(): void {
    if (this.down === null && this.socket.readyState === OPEN) {
      for (const topic of this.listeners.keys()) this.send({ op: 'unsubscribe', id: `subscribe:${topic}`, topic });
      for (const topic of this.advertised) this.send({ op: 'unadvertise', id: `advertise:${topic}`, topic });
    }
    this.listeners.clear();
    this.fail('it was closed');
    this.socket.close();
  }

  private send(message: object): void {
    this.requireOpen();
    this.socket.send(JSON.stringify(message));
  }

  private hear(data: unknown): void {
    if (typeof data !== 'string' || data.length > LONGEST_MESSAGE) {
      this.malformed++;
      return;
    }
    let message: { op?: unknown; topic?: unknown; msg?: unknown; level?: unknown } | null;
    try {
      message = JSON.parse(data) as typeof message;
    } catch {
      message = null;
    }
    if (message?.op === 'publish' && typeof message.topic === 'string')
      this.listeners.get(message.topic)?.(message.msg);
    else if (message?.op === 'status') this.complaint = String(message.msg).slice(0, 500);
    else this.malformed++;
  }

  private fail(why: string): void {
    this.down ??= new VlaError('io', `${this.url}: expected an open rosbridge, got: ${why}.`, {
      hint: 'Start it on the robot: ros2 launch rosbridge_server rosbridge_websocket_launch.xml',
    });
  }
}
