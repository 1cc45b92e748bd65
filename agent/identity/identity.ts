/**
 * Who this host is: an Ed25519 key that proves it, an X25519 key that secrets are sealed to, and the id that the
 * coordinator gave it. The private keys are made here on first start and never leave `identity.json` (0600).
 * A damaged file is an error and is not replaced: a new identity would be a new host.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { hostIdSchema } from '../../protocol/scalars.ts';
import { readIfThere, writeDurably } from '../durable-file.ts';

export interface Identity {
  readonly signingKey: KeyObject;
  readonly sealingKey: KeyObject;
  /** Null until the coordinator has answered an enrolment. */
  readonly enrolled: Enrolled | null;
  /** The host that it was before `longshore-agent re-enrol`, and asks to be again; null = none. */
  readonly former: HostId | null;
}

export interface Enrolled {
  readonly host: HostId;
  readonly name: string;
  readonly pool: string | null;
  /** The audience it enrolled with. */
  readonly coordinator: string;
}

const FILE_VERSION = 1;

/** Unknown keys are ignored: the agent before this one must be able to read the file too. */
const fileSchema = z.object({
  version: z.literal(FILE_VERSION, 'is of another version'),
  signingKey: z.string(),
  sealingKey: z.string(),
  enrolled: z
    .object({ host: hostIdSchema, name: z.string(), pool: z.string().nullable(), coordinator: z.string() })
    .nullable(),
  former: hostIdSchema.nullable().default(null),
});

/** Reads the identity, or makes one and writes it before returning. @throws STATE_FILE_INVALID */
export async function openIdentity(dataDir: string): Promise<Identity> {
  const file = identityFile(dataDir);
  const text = await readIfThere(file);
  if (text === null) {
    const made = newIdentity(null);
    await saveIdentity(dataDir, made);
    return made;
  }
  try {
    const parsed = fileSchema.parse(JSON.parse(text));
    return {
      signingKey: privateKeyOf(parsed.signingKey, 'ed25519'),
      sealingKey: privateKeyOf(parsed.sealingKey, 'x25519'),
      enrolled: parsed.enrolled,
      former: parsed.former,
    };
  } catch (error) {
    const reason =
      error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
    throw new LongshoreError('STATE_FILE_INVALID', `read the identity ${file}: ${reason}`, {
      cause: error,
      hint: 'Bring the file back from a backup; or remove it and enrol this machine as a new host.',
    });
  }
}

export function newIdentity(former: HostId | null): Identity {
  return {
    signingKey: generateKeyPairSync('ed25519').privateKey,
    sealingKey: generateKeyPairSync('x25519').privateKey,
    enrolled: null,
    former,
  };
}

export async function saveIdentity(dataDir: string, identity: Identity): Promise<void> {
  const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const content = {
    version: FILE_VERSION,
    signingKey: pem(identity.signingKey),
    sealingKey: pem(identity.sealingKey),
    enrolled: identity.enrolled,
    former: identity.former,
  };
  await writeDurably(identityFile(dataDir), `${JSON.stringify(content, null, 2)}\n`);
}

/** The raw 32 bytes of the public half, base64, as they travel. */
export function rawPublicKey(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new Error('the key has no public half');
  return Buffer.from(x, 'base64url').toString('base64');
}

export function signText(privateKey: KeyObject, text: string): string {
  return sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64');
}

const identityFile = (dataDir: string): string => path.join(dataDir, 'identity.json');

function privateKeyOf(pem: string, type: 'ed25519' | 'x25519'): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== type)
    throw new Error(`holds a key of type ${String(key.asymmetricKeyType)} where ${type} belongs`);
  return key;
}
