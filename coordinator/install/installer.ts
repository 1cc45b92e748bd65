/**
 * `install.sh` for each address of this coordinator, and what a person has to know to run it. The text depends on the
 * address, the root and the agents alone: whoever is told its checksum gets exactly this.
 */
import { createHash } from 'node:crypto';
import { LongshoreError } from '../../fleet/errors.ts';
import { audienceOf } from '../../protocol/audience.ts';
import type { InstallView } from '../../protocol/http-api/access-views.ts';
import { renderInstallScript } from '../../setup/render-install-script.ts';
import type { AgentArchives } from './agent-archives.ts';

export interface InstallerOptions {
  /** `wss://...`; the last one is what people use. */
  readonly audiences: readonly [string, ...string[]];
  /** PEM of the root that agents need; null: everybody trusts the certificate. */
  readonly root: string | null;
  readonly archives: AgentArchives;
}

export class Installer {
  readonly #options: InstallerOptions;

  constructor(options: InstallerOptions) {
    this.#options = options;
  }

  get archives(): AgentArchives {
    return this.#options.archives;
  }

  /** The own address that a request's Host header means; null: none of them. */
  addressOf(host: string): string | null {
    return (
      this.#options.audiences.find((own) => own === audienceOf(`${own.split('://')[0] ?? 'wss'}://${host}`)) ?? null
    );
  }

  /** @param url an address under which somebody reaches this coordinator; null or a foreign one: the people's */
  async script(url: string | null): Promise<{ readonly coordinator: string; readonly text: string }> {
    const { audiences, root, archives } = this.#options;
    const wanted = url === null ? null : audienceOf(url);
    const audience = audiences.find((own) => own === wanted) ?? audiences.at(-1) ?? audiences[0];
    const coordinator = audience.replace(/^ws/, 'http');
    const agents = await archives.list();
    if (agents.length === 0)
      throw new LongshoreError('NOT_FOUND', 'make install.sh: this coordinator has no agents to install', {
        hint: 'Put the archives of `npm run build:programs` where its setting agents_dir says.',
      });
    return { coordinator, text: renderInstallScript({ coordinator, root, agents }) };
  }

  async view(url: string | null): Promise<InstallView> {
    const { coordinator, text } = await this.script(url);
    const sha256 = createHash('sha256').update(text).digest('hex');
    return { url: `${coordinator}/install.sh`, sha256, trusted: this.#options.root === null };
  }
}
