// The stand-in of Google Cloud within this process, for Terraform with the real provider: reached over TLS through a
// proxy on loopback, as in a rehearsal, but with machines that are only noted.
import { readFileSync, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Test } from 'tap';
import { buildCloud } from '../../../scripts/rehearse/cloud/cloud.ts';
import { files } from '../../../scripts/rehearse/cloud/cloud-config.ts';
import { apiServer, proxyServer } from '../../../scripts/rehearse/cloud/front.ts';
import type { Machine, Machines } from '../../../scripts/rehearse/cloud/machines/machines.ts';
import { ResourceStore } from '../../../scripts/rehearse/cloud/resource-store.ts';
import { makeCertificates, makeCredentialsFile } from '../../../scripts/rehearse/credentials.ts';

/** Machines as names: nothing boots. */
class NotedMachines implements Machines {
  readonly running = new Map<string, Machine>();

  async boot(machine: Machine): Promise<void> {
    this.running.set(machine.name, machine);
  }

  async remove(machine: Machine): Promise<void> {
    this.running.delete(machine.name);
  }

  async stop(machine: Machine): Promise<void> {
    this.running.delete(machine.name);
  }

  reset(): Promise<void> {
    return Promise.resolve();
  }

  copyDisk(): void {
    // Nothing is on them.
  }

  deleteDisk(): Promise<void> {
    return Promise.resolve();
  }
}

export interface StandIn {
  /** What a program needs in its environment to be answered by it, and by nobody else. */
  readonly variables: Readonly<Record<string, string>>;
  /** Of the machines that run. */
  readonly machines: () => readonly string[];
  /** Paths of what there is in Compute Engine, without the project. */
  readonly resources: () => readonly string[];
  /** Names of the live objects of a bucket. */
  readonly objects: (bucket: string) => readonly string[];
  /** Takes away the live object whose name ends so. */
  readonly removeObject: (bucket: string, ending: string) => void;
  /** What it was asked for and does not know, and what went wrong inside. */
  readonly said: readonly string[];
}

export async function startStandIn(t: Test, folder: string, project: string): Promise<StandIn> {
  const inside = path.join(folder, 'stand-in');
  mkdirSync(inside);
  makeCertificates(inside);
  const credentials = path.join(folder, 'credentials.json');
  const owner = makeCredentialsFile(credentials, project);
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const machines = new NotedMachines();
  const store = new ResourceStore(inside);
  let ids = 10n ** 17n;
  const cloud = buildCloud(
    { project, projectNumber: '123456789012', store, now: () => new Date(), newId: () => String((ids += 7_919n)), say },
    { folder: inside, address: '10.64.255.254', publicPrefix: '127.77.1', owner },
    machines,
  );
  const api = apiServer({
    certificate: readFileSync(path.join(inside, files.certificate), 'utf8'),
    key: readFileSync(path.join(inside, files.key), 'utf8'),
    handle: async (call) => await cloud.dispatch.handle(call),
    say,
  });
  const proxy = proxyServer(api, say);
  t.teardown(() => {
    proxy.closeAllConnections();
    api.closeAllConnections();
    proxy.close();
    rmSync(inside, { recursive: true, force: true });
  });
  const port = await listen(proxy);
  const begin = `compute/projects/${project}/`;
  return {
    variables: {
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      SSL_CERT_FILE: path.join(inside, files.root),
      GOOGLE_APPLICATION_CREDENTIALS: credentials,
    },
    machines: () => [...machines.running.keys()].sort(),
    resources: () =>
      store
        .all(begin)
        .map((stored) => stored.path.slice(begin.length))
        .filter((name) => !name.includes('/operations/')),
    objects: (bucket) =>
      store
        .all(`storage/o/${bucket}/`)
        .map((stored) => stored.path.slice(`storage/o/${bucket}/`.length))
        .filter((name) => !name.includes('#')),
    removeObject: (bucket, ending) => {
      for (const stored of store.all(`storage/o/${bucket}/`))
        if (stored.path.endsWith(ending)) store.delete(stored.path);
    },
    said,
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
