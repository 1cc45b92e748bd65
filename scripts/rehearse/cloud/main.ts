/**
 * The stand-in of Google Cloud, and with `forwarder` one of its balancers. Runs in a container that has Docker's socket
 * and the machines' network; `scripts/rehearse/` starts it.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Balancers } from './balancers.ts';
import { buildCloud } from './cloud.ts';
import { type CloudConfig, diskFolder, files, metadataAddress, ports, readCloudConfig } from './cloud-config.ts';
import type { Answer } from './exchange.ts';
import { apiServer, plainServer, proxyServer } from './front.ts';
import { runForwarder } from './forwarder.ts';
import { ContainerMachines } from './machines/container-machines.ts';
import { DiskFiles } from './machines/disk-files.ts';
import { serveNames } from './name-server.ts';
import { keepRegistry } from './registry-process.ts';
import { ResourceStore } from './resource-store.ts';
import type { Site } from './site.ts';

const balancersEveryMs = 500;
const [role, ...rest] = process.argv.slice(2);
// The first process of a container dies of no signal that it does not handle.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));

if (role === 'forwarder') runForwarder(rest[0] ?? '', (rest[1] ?? '').split(',').map(Number));
else await runCloud(readCloudConfig(role ?? ''));

async function runCloud(config: CloudConfig): Promise<void> {
  const inFolder = (name: string): string => path.join(config.folder, name);
  const say = (line: string): void => {
    const said = `${new Date().toISOString()} ${line}`;
    console.log(said);
    appendFileSync(inFolder(files.log), `${said}\n`);
  };
  const site: Site = {
    project: config.project,
    projectNumber: config.projectNumber,
    store: new ResourceStore(config.folder),
    now: () => new Date(),
    newId: () => String(10n ** 17n + (BigInt(`0x${randomBytes(8).toString('hex')}`) % (9n * 10n ** 17n))),
    say,
  };
  const ip = spawnSync('ip', ['address', 'add', `${metadataAddress}/32`, 'dev', 'lo'], { encoding: 'utf8' });
  if (ip.status !== 0 && !ip.stderr.includes('File exists')) throw new Error(`ip address add: ${ip.stderr}`);
  writeFileSync(
    inFolder(files.resolver),
    `nameserver ${metadataAddress}\nsearch c.${config.project}.internal google.internal\n`,
  );
  const machines = new ContainerMachines({
    rehearsal: config.name,
    network: config.network,
    gateway: config.address,
    disks: new DiskFiles(diskFolder(config.name)),
    diskSizeGb: (disk) =>
      Number(site.store.all('compute/').find(({ path }) => path.endsWith(`/disks/${disk}`))?.body['sizeGb'] ?? 10),
    root: inFolder(files.root),
    resolver: inFolder(files.resolver),
  });
  const cloud = buildCloud(site, config, machines);
  const balancers = new Balancers(site, config);
  keepRegistry(config.folder, ports.registryBehind, say);

  const api = apiServer({
    certificate: readFileSync(inFolder(files.certificate), 'utf8'),
    key: readFileSync(inFolder(files.key), 'utf8'),
    handle: (call) => cloud.dispatch.handle(call),
    say,
  });
  const metadata = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://metadata');
    const answer = cloud.metadata.handle({
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      address: request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '',
    });
    response.writeHead(answer.status, answer.headers).end(answer.body as string);
  });
  const control = plainServer((call) => Promise.resolve(controlAnswer(balancers, call.path)), say);
  const registry = plainServer((call) => cloud.docker.handle(call, 'http'), say);
  api.listen(443, config.address);
  proxyServer(api, say).listen(ports.proxy);
  registry.listen(ports.registry);
  control.listen(ports.control);
  metadata.listen(80, metadataAddress);
  await serveNames(metadataAddress, (name) => cloud.lookup(name), say);
  cloud.recover();
  say(`standing in for Google Cloud: project ${config.project}, ${config.address} in network ${config.network}`);
  const keepBalancers = async (): Promise<void> => {
    await balancers.reconcile().catch((error: unknown) => say(`balancers: ${String(error)}`));
    setTimeout(() => void keepBalancers(), balancersEveryMs);
  };
  void keepBalancers();
}

function controlAnswer(balancers: Balancers, path: string): Answer {
  if (path === '/healthz') return { status: 200, body: 'ok\n' };
  const id = /^\/backends\/(\d+)$/.exec(path)?.[1];
  const backends = id === undefined ? undefined : balancers.backends(id);
  return backends === undefined ? { status: 404 } : { status: 200, body: JSON.stringify(backends) };
}
