/**
 * The reconciler as a process of its own over the real engine, without a coordinator, for tests that kill it: orders
 * come as JSON lines on stdin, reports and fault points leave as JSON lines on stdout.
 */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Assignment } from '../../fleet/assignment.ts';
import type { HostId, InstanceId } from '../../fleet/ids.ts';
import type { AppReport } from '../../fleet/report.ts';
import { systemClock } from '../../agent/clock.ts';
import { Reconciler } from '../../agent/reconcile/reconciler.ts';
import { realEngine } from './engine-scenes.ts';
import { FakeIngress } from './fake-ingress.ts';

export interface HarnessSetup {
  readonly host: HostId;
  readonly stateDir: string;
  readonly subnetPool: string;
}

export type HarnessOrder =
  | {
      readonly kind: 'assign';
      readonly assignment: Assignment;
      /** Fault point at which the process kills itself; null = none. */
      readonly dieAt: string | null;
    }
  /** Answered with a `look` of the same number: what was said before it had happened before it. */
  | { readonly kind: 'look'; readonly number: number };

export type HarnessLine =
  | { readonly kind: 'ready' }
  | { readonly kind: 'point'; readonly name: string }
  | HarnessLook
  | { readonly kind: 'event'; readonly text: string };

export interface HarnessLook {
  readonly kind: 'look';
  readonly number: number;
  /** Nothing is under way, and nothing can be done now. */
  readonly isQuiet: boolean;
  readonly apps: Readonly<Record<string, AppReport>>;
}

const say = (line: HarnessLine): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const [setupText = '{}'] = process.argv.slice(2);
const setup = JSON.parse(setupText) as HarnessSetup;
let dieAt: string | null = null;
const complain = (message: string, fields: object = {}): void => {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
};
const reconciler = await Reconciler.open({
  ...setup,
  engine: realEngine(setup.host),
  ingress: new FakeIngress(),
  files: { ensure: async () => ({ kind: 'ready', mounts: {}, environment: {} }), prune: async () => undefined },
  clock: systemClock,
  cores: 2,
  random: Math.random,
  mask: (text) => text,
  newInstanceId: () => `i-${randomBytes(6).toString('hex')}` as InstanceId,
  policy: () => null,
  log: { debug: () => undefined, info: () => undefined, warn: complain, error: complain },
  onReport: () => undefined,
  onEvent: (event, _app, text) => say({ kind: 'event', text: `${event}: ${text}` }),
  faultPoint: (name) => {
    say({ kind: 'point', name });
    if (name === dieAt) process.kill(process.pid, 'SIGKILL');
  },
});
createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as HarnessOrder;
  if (order.kind === 'look') {
    say({ kind: 'look', number: order.number, isQuiet: reconciler.isQuiet(), apps: reconciler.reports() });
    return;
  }
  dieAt = order.dieAt;
  void reconciler.assign(order.assignment, 'x');
});
say({ kind: 'ready' });
await reconciler.run(new AbortController().signal);
