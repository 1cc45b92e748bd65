/** What agents of this engine made, of every host: read once at enrolment, to find what a former identity left. */
import type { EngineClient } from './engine-client.ts';
import { APP_LABEL, DATA_DIR_LABEL, HOST_LABEL, type Labels } from './engine-labels.ts';
import { INGRESS_LABEL } from './proxy-container-body.ts';

export interface OwnedObject {
  readonly kind: 'container' | 'volume';
  readonly host: string;
  /** Null for the ingress. */
  readonly app: string | null;
  readonly ingress: boolean;
  /** Null on what was made before agents wrote this label. */
  readonly dataDir: string | null;
  /** Paths of this machine that a container mounts. */
  readonly sources: readonly string[];
}

/** @throws what the engine says */
export async function listOwned(client: EngineClient, abortSignal: AbortSignal): Promise<readonly OwnedObject[]> {
  const filters = { label: [HOST_LABEL] };
  const containers = await client.call('list the containers of all hosts', ({ docker }) =>
    docker.listContainers({ all: true, filters, abortSignal }),
  );
  const volumes = await client.call('list the volumes of all hosts', ({ docker }) =>
    docker.listVolumes({ filters, abortSignal }),
  );
  return [
    ...containers.map(({ Labels: labels, Mounts: mounts }) => ({
      kind: 'container' as const,
      ...ownerOf(labels),
      sources: mounts.flatMap(({ Type, Source }) => (Type === 'bind' ? [Source] : [])),
    })),
    ...volumes.Volumes.map(({ Labels: labels }) => ({ kind: 'volume' as const, ...ownerOf(labels), sources: [] })),
  ];
}

function ownerOf(labels: Labels): Omit<OwnedObject, 'kind' | 'sources'> {
  return {
    host: labels[HOST_LABEL] ?? '',
    app: labels[APP_LABEL] ?? null,
    ingress: labels[INGRESS_LABEL] !== undefined,
    dataDir: labels[DATA_DIR_LABEL] ?? null,
  };
}
