/**
 * The sealed values that this host holds: secrets of its apps by version, and registry credentials. They lie on the
 * disk as they came, sealed, in one file (0600) outside of the assignment, and are opened at use. What a message brings
 * is durable when `add` has resolved. A damaged file is set aside: the coordinator sends everything again.
 */
import path from 'node:path';
import { z } from 'zod';
import type { KeyObject } from 'node:crypto';
import { LongshoreError, type Problem } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import { appNameSchema, countSchema } from '../../protocol/scalars.ts';
import {
  registryContext,
  registryCredentialSchema,
  secretContext,
  type RegistryCredential,
} from '../../protocol/sealing.ts';
import { writeDurably } from '../durable-file.ts';
import { readStateFile } from '../state/state-file.ts';
import { openSealed } from './open.ts';

type SecretItem = CoordinatorMessageOf<'secrets'>['items'][number];

const fileSchema = z.object({
  version: z.literal(1),
  secrets: z.array(z.object({ app: appNameSchema, secret: z.string(), version: countSchema, sealed: z.string() })),
  registries: z.record(z.string(), z.string()),
});

interface Content {
  readonly secrets: readonly SecretItem[];
  readonly registries: Readonly<Record<string, string>>;
}

export class SealedStore {
  readonly #file: string;
  readonly #host: HostId;
  readonly #sealingKey: KeyObject;
  #content: Content;
  #writing: Promise<void> = Promise.resolve();
  #changes = 0;
  #onChange: () => void = () => undefined;

  private constructor(file: string, host: HostId, sealingKey: KeyObject, content: Content) {
    this.#file = file;
    this.#host = host;
    this.#sealingKey = sealingKey;
    this.#content = content;
  }

  /** @returns with `damage`, a sentence where the file was set aside */
  static async load(
    dataDir: string,
    host: HostId,
    sealingKey: KeyObject,
  ): Promise<{ readonly store: SealedStore; readonly damage: string | null }> {
    const file = path.join(dataDir, 'secrets.json');
    const read = await readStateFile(file, fileSchema);
    const content: Content = read.kind === 'read' ? read.value : { secrets: [], registries: {} };
    const damage =
      read.kind === 'damaged'
        ? `the stored secrets cannot be read (${read.reason}); the file was set aside as ${read.setAsideAs}`
        : null;
    return { store: new SealedStore(file, host, sealingKey, content), damage };
  }

  /** Newest version of each secret, by `app/secret`: what hello says. */
  versions(): Readonly<Record<string, number>> {
    const newest: Record<string, number> = {};
    for (const { app, secret, version } of this.#content.secrets) {
      const key = `${app}/${secret}`;
      newest[key] = Math.max(newest[key] ?? 0, version);
    }
    return newest;
  }

  /** All versions of each secret, by `app/secret`: what a report says. */
  held(): Readonly<Record<string, readonly number[]>> {
    const held: Record<string, number[]> = {};
    for (const { app, secret, version } of this.#content.secrets) (held[`${app}/${secret}`] ??= []).push(version);
    return held;
  }

  /** Counts what came and what was dropped: something that came and went has changed it, too. */
  get changes(): number {
    return this.#changes;
  }

  /** One listener: it is called after secrets came or were dropped. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Those whose credential is held, also one that does not open any more. */
  registries(): readonly string[] {
    return Object.keys(this.#content.registries);
  }

  /** Keeps those that open; @returns the problems of the others, which stay unknown so that they are sent again */
  async add(items: readonly SecretItem[]): Promise<readonly Problem[]> {
    const problems: Problem[] = [];
    const opened = items.filter((item) => {
      try {
        this.#open(item);
        return true;
      } catch (error) {
        if (!(error instanceof LongshoreError)) throw error;
        problems.push(error.problem);
        return false;
      }
    });
    if (opened.length === 0) return problems;
    const isReplaced = (old: SecretItem): boolean => opened.some((item) => isSame(item, old));
    await this.#save({
      ...this.#content,
      secrets: [...this.#content.secrets.filter((old) => !isReplaced(old)), ...opened],
    });
    return problems;
  }

  /** Of every secret that is held and opens, for those who take them out of texts. */
  *values(): Iterable<Buffer> {
    for (const item of this.#content.secrets) {
      try {
        yield this.#open(item);
      } catch (error) {
        if (!(error instanceof LongshoreError)) throw error;
      }
    }
  }

  /** Null where this version is not here. */
  value(app: AppName, secret: string, version: number): Buffer | null {
    const item = this.#content.secrets.find((each) => isSame(each, { app, secret, version }));
    return item === undefined ? null : this.#open(item);
  }

  /** Drops versions that none of these uses, but no version newer than they use: it came before its assignment. */
  async keepOnly(app: AppName, used: Readonly<Record<string, readonly number[]>>): Promise<void> {
    const secrets = this.#content.secrets.filter((item) => {
      if (item.app !== app) return true;
      const versions = used[item.secret] ?? [];
      return versions.includes(item.version) || (versions.length > 0 && item.version > Math.max(...versions));
    });
    if (secrets.length !== this.#content.secrets.length) await this.#save({ ...this.#content, secrets });
  }

  /** @param sealed null = forget it @throws SEAL_INVALID */
  async setRegistry(registry: string, sealed: string | null): Promise<void> {
    const { [registry]: _old, ...others } = this.#content.registries;
    if (sealed !== null) this.#openRegistry(registry, sealed);
    await this.#save({ ...this.#content, registries: sealed === null ? others : { ...others, [registry]: sealed } });
  }

  /** @param registry host, with its port where it has one; null = none is stored */
  registryCredential(registry: string): RegistryCredential | null {
    const sealed = this.#content.registries[registry];
    return sealed === undefined ? null : this.#openRegistry(registry, sealed);
  }

  #open(item: SecretItem): Buffer {
    return openSealed(this.#sealingKey, secretContext({ host: this.#host, ...item }), item.sealed);
  }

  #openRegistry(registry: string, sealed: string): RegistryCredential {
    const context = registryContext({ host: this.#host, registry });
    const parsed = registryCredentialSchema.safeParse(jsonOf(openSealed(this.#sealingKey, context, sealed)));
    if (parsed.success) return parsed.data;
    throw new LongshoreError('SEAL_INVALID', `open the credential of registry ${registry}: it is malformed`);
  }

  /** One write after the other, each of the newest content. */
  async #save(content: Content): Promise<void> {
    if (content.secrets !== this.#content.secrets) this.#changes += 1;
    this.#content = content;
    const before = this.#writing;
    this.#writing = before
      .catch(() => undefined)
      .then(() => writeDurably(this.#file, JSON.stringify({ version: 1, ...this.#content })));
    await this.#writing;
    this.#onChange();
  }
}

function isSame(a: Omit<SecretItem, 'sealed'>, b: Omit<SecretItem, 'sealed'>): boolean {
  return a.app === b.app && a.secret === b.secret && a.version === b.version;
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return null;
  }
}
