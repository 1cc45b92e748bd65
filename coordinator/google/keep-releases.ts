/**
 * Brings the `keep-` tags of the fleet's repository to what the kept releases need, again and again: level-triggered, so
 * that nothing is lost where a turn fails. While restored data waits for an operator nothing is taken off: the data may
 * not know the newest releases.
 */
import type { Release } from '../../fleet/release.ts';
import type { DoctorFinding } from '../control/control-options.ts';
import type { RestoreStore } from '../store/restore-store.ts';
import type { ReleaseStore } from '../store/store.ts';
import type { ArtifactRegistry } from './artifact-registry.ts';
import { tagChanges, wantedTags, type KeepTag } from './keep-tags.ts';

export interface KeepReleasesOptions {
  readonly store: Pick<ReleaseStore, 'listApps' | 'listReleases'> & Pick<RestoreStore, 'pendingRestore'>;
  readonly registry: (prefix: string) => Pick<ArtifactRegistry, 'keepTags' | 'add' | 'move' | 'remove'>;
}

const PAGE = 200;

export class KeepReleases {
  readonly #options: KeepReleasesOptions;
  #kept: number | null = null;
  #missing: readonly KeepTag[] = [];
  #obstacle: string | null = null;

  constructor(options: KeepReleasesOptions) {
    this.#options = options;
  }

  /** @throws GOOGLE_UNAVAILABLE, GOOGLE_DENIED */
  async look(prefix: string): Promise<void> {
    try {
      await this.#look(prefix);
      this.#obstacle = null;
    } catch (error) {
      this.#obstacle = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  finding(): DoctorFinding | null {
    const name = 'kept images';
    if (this.#obstacle !== null) return { name, ok: false, text: this.#obstacle };
    if (this.#kept === null) return null;
    if (this.#missing.length === 0) return { name, ok: true, text: `${this.#kept} images of kept releases are tagged` };
    const gone = this.#missing.map(({ package: image, tag }) => `${image} (${tag})`);
    return { name, ok: false, text: `kept releases whose images the registry has no more: ${gone.join(', ')}` };
  }

  async #look(prefix: string): Promise<void> {
    const { store } = this.#options;
    if ((await store.pendingRestore()) !== null) return;
    const registry = this.#options.registry(prefix);
    // What is there comes first: a release made meanwhile is wanted, and never takes its own tag for a stranger's.
    const present = await registry.keepTags();
    const wanted = wantedTags(prefix, await this.#releases());
    const { add, move, remove } = tagChanges(wanted, present);
    const missing: KeepTag[] = [];
    for (const tag of add) if (!(await registry.add(tag))) missing.push(tag);
    for (const tag of move) await registry.move(tag);
    for (const tag of remove) await registry.remove(tag);
    this.#missing = missing;
    this.#kept = wanted.length - missing.length;
  }

  async #releases(): Promise<readonly Release[]> {
    const { store } = this.#options;
    const found: Release[] = [];
    for (let apps = await store.listApps({ limit: PAGE, after: null }); ;) {
      for (const { app } of apps.items) {
        for (let page = await store.listReleases({ app, limit: PAGE, after: null }); ;) {
          found.push(...page.items.map(({ release }) => release));
          if (page.next === null) break;
          page = await store.listReleases({ app, limit: PAGE, after: page.next });
        }
      }
      if (apps.next === null) return found;
      apps = await store.listApps({ limit: PAGE, after: apps.next });
    }
  }
}
