/**
 * `longshore-agent re-enrol` in the data directory: the request that the command leaves there, and what the next start
 * makes of it. The host gets new keys and asks to be the host that it was. Its journals stay, so that its containers are
 * known; its assignment and its secrets go, because the order and the versions of another coordinator mean nothing here,
 * and the one that it belongs to sends them again. Each step may be repeated after a crash; the request goes last.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { hostIdSchema } from '../../protocol/scalars.ts';
import { readIfThere, writeDurably } from '../durable-file.ts';
import { newIdentity, openIdentity, saveIdentity } from './identity.ts';

const requestSchema = z.object({ version: z.literal(1), host: hostIdSchema.nullable() });

/** The token that was given to `re-enrol`; it counts before the configured one. */
export const reEnrolTokenFile = (dataDir: string): string => path.join(dataDir, 're-enrol-token');
const requestFile = (dataDir: string): string => path.join(dataDir, 're-enrol.json');

export interface ReEnrolment {
  /** Null: the machine proves itself, or the configured token serves. */
  readonly token: string | null;
  /** The host to be; null = the one that it was. */
  readonly host: HostId | null;
}

export async function requestReEnrolment(dataDir: string, { token, host }: ReEnrolment): Promise<void> {
  if (token !== null) await writeDurably(reEnrolTokenFile(dataDir), `${token}\n`);
  await writeDurably(requestFile(dataDir), JSON.stringify({ version: 1, host }));
}

/** Before the identity is opened, with the directory locked. @returns whether there was a request @throws STATE_FILE_INVALID */
export async function applyReEnrolment(dataDir: string): Promise<boolean> {
  const text = await readIfThere(requestFile(dataDir));
  if (text === null) return false;
  const { host } = parseRequest(text, requestFile(dataDir));
  const before = await openIdentity(dataDir);
  const former = host ?? before.enrolled?.host ?? before.former;
  await saveIdentity(dataDir, newIdentity(former));
  await rm(path.join(dataDir, 'state', 'assignment.json'), { force: true });
  await rm(path.join(dataDir, 'secrets.json'), { force: true });
  await rm(requestFile(dataDir));
  return true;
}

function parseRequest(text: string, file: string): z.infer<typeof requestSchema> {
  try {
    return requestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new LongshoreError('STATE_FILE_INVALID', `read the request to enrol again ${file}: it is damaged`, {
      cause: error,
      hint: 'Remove it and run `longshore-agent re-enrol` again.',
    });
  }
}
