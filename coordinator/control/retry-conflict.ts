/** Decides again where somebody else was quicker. Optimistic writes lose rarely; who loses three times is told. */
import { LongshoreError } from '../../fleet/errors.ts';

const TRIES = 3;

export async function retryConflict<T>(decide: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await decide();
    } catch (error) {
      if (attempt === TRIES || !(error instanceof LongshoreError) || error.code !== 'CONFLICT') throw error;
    }
  }
}
