/** The configuration that the current container is known to run, and whether it still runs it. */
import { canonicalJson } from '../../fleet/canonical-json.ts';

export class LoadedConfig {
  #loaded: { readonly engineId: string; readonly text: string } | null = null;
  /** The text for which another one was found running, and which was loaded again. */
  #drifted: string | null = null;

  is(engineId: string, text: string): boolean {
    return this.#loaded?.engineId === engineId && this.#loaded.text === text;
  }

  set(engineId: string, text: string): void {
    this.#loaded = { engineId, text };
  }

  /** Where something else runs, the next load is not left out. */
  compare(running: string): void {
    const text = this.#loaded?.text;
    if (text === undefined) return;
    if (sameJson(running, text)) this.#drifted = null;
    else if (this.#drifted !== text) {
      // Once: a Caddy that shows a configuration in another form than it was given must not be loaded for ever.
      this.#drifted = text;
      this.#loaded = null;
    }
  }
}

function sameJson(a: string, b: string): boolean {
  try {
    return canonicalJson(JSON.parse(a)) === canonicalJson(JSON.parse(b));
  } catch {
    return false;
  }
}
