/**
 * How often in a row the decision over one deployment could not be stored. One refusal is the normal end of a race: it
 * is read again and decided again. The same refusal again and again is a fault, and the deployment must not hang on it.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { DeploymentId } from '../../fleet/ids.ts';

/** So often it is tried before it is ended as failed. */
const MOST = 5;

export interface StuckDeployment {
  readonly id: DeploymentId;
  readonly reason: string;
}

export class RefusedWrites {
  #id: DeploymentId | null = null;
  #count = 0;
  #logged: string | null = null;

  /** @returns whether the log should hear of it */
  refused(id: DeploymentId | null, error: unknown): boolean {
    const isConflict = error instanceof LongshoreError && error.code === 'CONFLICT';
    // A store that is away comes back: that is no fault of the decision.
    if (error instanceof LongshoreError && !isConflict) return true;
    this.#count = id === this.#id ? this.#count + 1 : 1;
    this.#id = id;
    if (isConflict && this.#count === 1) return false;
    const text = `${String(id)}: ${error instanceof Error ? error.message : String(error)}`;
    const isNew = this.#logged !== text;
    this.#logged = text;
    return isNew;
  }

  /** A write of this deployment was stored: it moves on. */
  stored(id: DeploymentId): void {
    if (this.#id === id) this.#count = 0;
  }

  /** The deployment to give up, once for each series of refusals. */
  takeStuck(): StuckDeployment | null {
    if (this.#id === null || this.#count < MOST) return null;
    this.#count = 0;
    return { id: this.#id, reason: this.#logged ?? 'unknown' };
  }
}
