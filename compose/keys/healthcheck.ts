/**
 * `healthcheck` and `x-longshore.health` together: the first may say how often and by which command, the second
 * probes over HTTP or TCP. Where neither says what to ask, the image's own HEALTHCHECK counts.
 */
import type { HealthcheckOverrides, ProbeCheck, ProbeSpec } from '../../fleet/app-spec.ts';
import { DEFAULT_PROBE } from '../defaults.ts';
import { fields, type KeyTable } from './key-table.ts';
import {
  choice,
  type Cursor,
  fail,
  failKey,
  integerIn,
  items,
  readBoolean,
  readDuration,
  readFilledText,
  readIf,
  readOr,
  readPositiveDuration,
  readText,
} from './read.ts';
import { readCommand } from './command.ts';

export const HEALTHCHECK_KEYS = {
  test: 'read',
  interval: 'read',
  timeout: 'read',
  retries: 'read',
  start_period: 'read',
  start_interval: 'read',
  disable: 'read',
} satisfies KeyTable;

export const HEALTH_KEYS = { http: 'read', tcp: 'read', exec: 'read' } satisfies KeyTable;

export const HEALTH_HTTP_KEYS = { port: 'read', path: 'read', host: 'read', scheme: 'read' } satisfies KeyTable;

const readPort = integerIn(1, 65_535);

export function readProbe(healthcheck: Cursor | undefined, health: Cursor | undefined): ProbeSpec {
  const given = healthcheck === undefined ? {} : fields(healthcheck, HEALTHCHECK_KEYS);
  const disabled = readOr(given.disable, readBoolean, false);
  const test = readIf(given.test, readTest);
  const asked = readIf(health, readHealth);
  if (health !== undefined && (given.test !== undefined || disabled))
    failKey(health, 'the health check is said twice; take "test" (or "disable") out of "healthcheck", or this one');
  const overrides = stated({
    intervalMs: readIf(given.interval, readPositiveDuration),
    timeoutMs: readIf(given.timeout, readPositiveDuration),
    retries: readIf(given.retries, integerIn(1, 1000)),
    startPeriodMs: readIf(given.start_period, readDuration),
    startIntervalMs: readIf(given.start_interval, readPositiveDuration),
  });
  return {
    ...DEFAULT_PROBE,
    ...overrides,
    check: disabled ? { kind: 'none' } : (asked ?? test ?? imageCheck(overrides)),
  };
}

/** The image's own check with what the file states about it, as in Compose. */
function imageCheck(overrides: HealthcheckOverrides): ProbeCheck {
  return Object.keys(overrides).length === 0 ? DEFAULT_PROBE.check : { kind: 'image', overrides };
}

type Times = keyof HealthcheckOverrides;

function stated(times: Readonly<Record<Times, number | null>>): HealthcheckOverrides {
  return Object.fromEntries(Object.entries(times).filter(([, value]) => value !== null));
}

function readTest(cursor: Cursor): ProbeCheck | null {
  if (cursor.tree.kind !== 'list') {
    const line = readFilledText(cursor);
    return line === null ? null : shell(line);
  }
  const [kind, ...words] = items(cursor).map((item) => readText(item) ?? '');
  if (kind === 'NONE' && words.length === 0) return { kind: 'none' };
  if (kind === 'CMD' && words.length > 0) return { kind: 'exec', command: words };
  if (kind === 'CMD-SHELL' && words.length === 1) return shell(words[0] ?? '');
  return fail(cursor, 'takes a text, ["CMD", PROGRAM, ARGUMENT...], ["CMD-SHELL", TEXT] or ["NONE"]');
}

const shell = (line: string): ProbeCheck => ({ kind: 'exec', command: ['/bin/sh', '-c', line] });

function readHealth(cursor: Cursor): ProbeCheck | null {
  const given = fields(cursor, HEALTH_KEYS);
  const stated = [given.http, given.tcp, given.exec].filter((one) => one !== undefined);
  if (stated.length !== 1) return failKey(cursor, 'takes exactly one of "http", "tcp" and "exec"');
  if (given.http !== undefined) return readHttp(given.http);
  if (given.tcp !== undefined) return readTcp(given.tcp);
  const command = readIf(given.exec, readCommand);
  if (command?.length === 0) return failKey(cursor, 'the command is empty');
  return command === null ? null : { kind: 'exec', command };
}

/** What a request's first line and `Host` may hold. */
const IS_SENDABLE = /^[\x21-\x7e]+$/;

/** `{port, path}`, or `8080/healthz` in short. */
function readHttp(cursor: Cursor): ProbeCheck | null {
  if (cursor.tree.kind === 'scalar') {
    const match = /^:?(\d{1,5})(\/\S*)?$/.exec(cursor.tree.text);
    const port = Number(match?.[1]);
    if (match === null || port < 1 || port > 65_535 || !IS_SENDABLE.test(cursor.tree.text))
      return fail(cursor, 'takes {port: 8080, path: /healthz}, or 8080/healthz in short');
    return { kind: 'http', port, path: match[2] ?? '/', host: null, scheme: 'http' };
  }
  const given = fields(cursor, HEALTH_HTTP_KEYS);
  if (given.port === undefined) return fail(cursor, 'the "port" is missing');
  const port = readPort(given.port);
  const path = readOr(given.path, readFilledText, '/');
  if (given.path !== undefined && !path.startsWith('/')) fail(given.path, 'a path starts with "/"');
  else if (given.path !== undefined && !IS_SENDABLE.test(path))
    fail(given.path, 'a path is printable ASCII without spaces: write others with "%", as "%20" for a space');
  if (port === null) return null;
  const scheme = readOr(given.scheme, choice('http', 'https'), 'http');
  const host = readIf(given.host, readFilledText);
  if (given.host !== undefined && host !== null && !IS_SENDABLE.test(host))
    fail(given.host, 'a host name is printable ASCII without spaces, as shop.example.com');
  return { kind: 'http', port, path, host, scheme };
}

function readTcp(cursor: Cursor): ProbeCheck | null {
  const given = cursor.tree.kind === 'map' ? fields(cursor, { port: 'read' }) : { port: cursor };
  const port = readIf(given.port, readPort);
  return port === null ? null : { kind: 'tcp', port };
}
