/** One pull by digest: space first, then the engine's pull with the registry's credential, then what came is marked. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { ImageFacts, PullProgress, PullRequest } from './container-engine.ts';
import { isAbort, pullError, toFailure } from './engine-error.ts';
import { parseImageReference, pinnedReference } from '../../fleet/image-reference.ts';
import type { ImageStore } from './image-store.ts';
import { jsonLines } from './json-lines.ts';
import { addPullMessage, emptyPull, pullFault, toPullProgress, type PullMessage } from './pull-progress.ts';
import { authConfig } from './registry-auth.ts';
import { checkSpace, type SpaceParts } from './space-check.ts';

export interface PullParts extends SpaceParts {
  readonly images: ImageStore;
}

/** @throws IMAGE_NOT_FOUND, IMAGE_PLATFORM, REGISTRY_*, NO_SPACE, ENGINE_UNAVAILABLE */
export async function pullImage(
  parts: PullParts,
  request: PullRequest,
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<ImageFacts> {
  const operation = `pull ${pinnedReference(request.reference, request.digest)}`;
  await checkSpace(parts, request, signal);
  await runPull(parts, operation, request, onProgress, signal);
  const found = await parts.images.adoptPulled(request);
  if (found.kind === 'adopted') return found.facts;
  if (found.kind === 'gone') throw new LongshoreError('ENGINE_UNAVAILABLE', `${operation}: it was pulled and is gone`);
  throw new LongshoreError(
    'IMAGE_PLATFORM',
    `${operation}: it is for ${found.platform}, and ${found.wanted} is needed`,
  );
}

async function runPull(
  parts: PullParts,
  operation: string,
  request: PullRequest,
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const { name, registry } = parseImageReference(request.reference);
  const credential = await parts.credentials(registry, signal);
  const auth = credential === null ? {} : authConfig(registry, credential);
  const platform = request.platform === null ? {} : { platform: request.platform };
  await parts.client.call(operation, async ({ docker }) => {
    let state = emptyPull;
    try {
      const query = { fromImage: name, tag: request.digest, ...platform, abortSignal: signal };
      const stream = (await docker.createImage(auth, query)) as AsyncIterable<Uint8Array>;
      for await (const line of jsonLines(stream)) {
        const message = line as PullMessage;
        const fault = pullFault(message);
        if (fault !== null) throw pullError(operation, { status: null, errno: null, message: fault });
        const next = addPullMessage(state, message);
        if (next === state) continue;
        state = next;
        onProgress(toPullProgress(state));
      }
      // Where all layers were there, the engine says nothing of them.
      onProgress(toPullProgress(state));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (isAbort(error) || error instanceof LongshoreError) throw error;
      throw pullError(operation, toFailure(error), error);
    }
  });
}
