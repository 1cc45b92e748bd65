/**
 * The same stage over the fake and the real engine, for the contract suite: a host of its own, images that do a named
 * thing, and nothing left behind.
 */
import { randomBytes } from 'node:crypto';
import type { ContainerEngine, InstancePlan, PullRequest } from '../../agent/engine/container-engine.ts';
import { DockerodeEngine } from '../../agent/engine/dockerode-engine.ts';
import type { CredentialSource } from '../../agent/engine/registry-auth.ts';
import { freeBytesAt, type FreeBytes } from '../../agent/engine/space-check.ts';
import { systemClock } from '../../agent/clock.ts';
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import type { AppName, Digest, HostId, InstanceId, ServiceName } from '../../fleet/ids.ts';
import { aService, appName, specHash } from './app-builders.ts';
import { removeLabelled } from './engine-cleanup.ts';
import { baseImages, type TestEngine } from './engine.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeEngineSession } from './fake-engine-session.ts';
import { testSubnet } from './test-subnet.ts';

/** What the containers of an image do. */
export type Conduct = 'runs' | 'exits with 3' | 'prints and runs' | 'declares the volume /data';

export interface OfferedImage extends PullRequest {
  readonly command: readonly string[];
}

export interface EngineScene {
  readonly host: HostId;
  readonly engine: ContainerEngine;
  /** A second agent process of the same host. */
  reopen(): ContainerEngine;
  /** An agent of another host on the same engine. */
  neighbour(): { readonly host: HostId; readonly engine: ContainerEngine };
  /** In the registry, not on the disk. */
  offer(conduct: Conduct): Promise<OfferedImage>;
  /** A subnet that no other test has. */
  subnet(): string;
  close(): Promise<void>;
}

export const aHostId = (): HostId => `h-${randomBytes(8).toString('hex')}` as HostId;
export const anInstanceId = (): InstanceId => `i-${randomBytes(6).toString('hex')}` as InstanceId;
export const theApp: AppName = appName('contract');

export function aPlan(scene: EngineScene, image: OfferedImage, imageId: string, fields: PlanFields = {}): InstancePlan {
  const { spec, ...rest } = fields;
  return {
    instance: anInstanceId(),
    host: scene.host,
    app: theApp,
    service: {
      name: 'web' as ServiceName,
      hash: specHash('a'),
      spec: aService({
        image: { reference: image.reference, digest: image.digest, pull: 'always', platform: null },
        command: image.command,
        stopSignal: 'SIGKILL',
        networkMode: rest.network === undefined || rest.network === null ? 'none' : 'app',
        ...spec,
      }),
    },
    replica: 1,
    slot: 0,
    release: 7,
    deployment: 'd-0000000000000007',
    attempt: 2,
    imageId,
    network: null,
    address: null,
    names: { aliases: [], links: {} },
    volumes: {},
    files: [],
    imageVolumes: {},
    secretEnvironment: {},
    ...rest,
  };
}

export type PlanFields = Partial<Omit<InstancePlan, 'service'>> & { readonly spec?: Partial<ServiceSpec> };

/** The address of this number in the scene's subnet. */
export function addressIn(subnet: string, number: number): string {
  return subnet.replace(/\.0\/\d+$/, `.${number}`);
}

export function fakeScene(): EngineScene {
  const world = new FakeEngine({ now: () => 1_000_000 });
  const host = aHostId();
  let offered = 0;
  return {
    host,
    engine: new FakeEngineSession(world, host),
    reopen: () => new FakeEngineSession(world, host),
    neighbour: () => {
      const other = aHostId();
      return { host: other, engine: new FakeEngineSession(world, other) };
    },
    offer: async (conduct) => {
      offered += 1;
      const digest = `sha256:${String(offered).padStart(64, '0')}` as Digest;
      world.offerImage(
        digest,
        {
          exitAfterMs: conduct === 'exits with 3' ? 0 : null,
          exitCode: 3,
          log: ['one', 'two', 'three'],
          exec: (command) => ({ exitCode: command.includes('false') ? 1 : 0, output: `${command.at(-1) ?? ''}\n` }),
        },
        conduct === 'declares the volume /data' ? { volumes: ['/data'] } : {},
      );
      return { reference: '127.0.0.1:5000/contract:1', digest, platform: null, command: commandFor(conduct) };
    },
    subnet: () => `10.251.${(offered += 1)}.0/24`,
    close: async () => undefined,
  };
}

/** The engine that the tests' own client talks to. */
export const ENGINE_SOCKET = /^unix:\/\/(.+)/.exec(process.env.DOCKER_HOST ?? '')?.[1] ?? '/var/run/docker.sock';

export function realEngine(
  host: HostId,
  options: {
    readonly credentials?: CredentialSource;
    readonly freeBytes?: FreeBytes;
    readonly sharedVolumes?: boolean;
    /** In place of the engine's own: a way to it that a test can disturb. */
    readonly socketPath?: string;
    readonly callLimitMs?: number;
  } = {},
): DockerodeEngine {
  return new DockerodeEngine({
    socketPath: options.socketPath ?? ENGINE_SOCKET,
    host,
    credentials: options.credentials ?? (async () => null),
    clock: systemClock,
    freeBytes: options.freeBytes ?? freeBytesAt,
    sharedVolumes: options.sharedVolumes ?? false,
    ...(options.callLimitMs === undefined ? {} : { callLimitMs: options.callLimitMs }),
  });
}

export function realScene(machine: TestEngine): EngineScene {
  const { docker, registry } = machine;
  const host = aHostId();
  const hosts: HostId[] = [host];
  const path = `contract-${host}`;
  const repository = `${registry}/${path}`;
  return {
    host,
    engine: realEngine(host),
    reopen: () => realEngine(host),
    neighbour: () => {
      const other = aHostId();
      hosts.push(other);
      return { host: other, engine: realEngine(other) };
    },
    offer: async (conduct) => {
      const tag = randomBytes(4).toString('hex');
      // An image of its own: nothing else on this machine has its id.
      const container = await docker.createContainer({ Image: baseImages.busybox, Labels: { 'longshore.host': host } });
      const declared = conduct === 'declares the volume /data' ? '\nVOLUME /data' : '';
      await container.commit({ repo: repository, tag, changes: `LABEL contract=${tag}${declared}` });
      await container.remove();
      const pushed = await pushImage(machine, path, tag);
      await docker.getImage(`${repository}:${tag}`).remove();
      return { reference: `${repository}:${tag}`, digest: pushed, platform: null, command: commandFor(conduct) };
    },
    subnet: testSubnet,
    close: async () => {
      for (const each of hosts) {
        await removeLabelled(docker, `longshore.host=${each}`);
        const images = await docker.listImages();
        const names = images.flatMap((image) => [...(image.RepoDigests ?? []), ...(image.RepoTags ?? [])]);
        for (const name of new Set(names.filter((name) => name.includes(each)))) {
          await docker.getImage(name).remove().catch(ignoreMissing);
        }
      }
    },
  };
}

function ignoreMissing(error: unknown): void {
  if ((error as { statusCode?: unknown }).statusCode !== 404) throw error;
}

export async function pushImage({ docker, registry }: TestEngine, repository: string, tag: string): Promise<Digest> {
  const name = `${registry}/${repository}:${tag}`;
  const stream = await docker.getImage(name).push({}, undefined, { username: '', password: '', serveraddress: '' });
  const messages = await new Promise<readonly { error?: string }[]>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null, output) => {
      if (error) reject(error);
      else resolve(output);
    });
  });
  const failed = messages.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw new Error(`push ${name}: ${failed.error ?? ''}`);
  // Only the graph drivers' engine tells the digest; the registry always does.
  const accept =
    'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
  const answer = await fetch(`http://${registry}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept },
  });
  const digest = answer.headers.get('docker-content-digest');
  if (digest === null) throw new Error(`the registry answers ${answer.status} for ${name}`);
  return digest as Digest;
}

function commandFor(conduct: Conduct): readonly string[] {
  switch (conduct) {
    case 'runs':
    case 'declares the volume /data':
      return ['sleep', '600'];
    case 'exits with 3':
      return ['sh', '-c', 'exit 3'];
    case 'prints and runs':
      return ['sh', '-c', 'echo one; echo two; echo three; sleep 600'];
  }
}
