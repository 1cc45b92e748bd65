/**
 * Forwarding rules: each has a forwarder, a container of its own that is published under the rule's address and passes
 * connections on to the machines behind the rule's backend service. Rules come and go; this keeps the forwarders so.
 */
import { docker, dockerOutput } from '../../vm/docker-command.ts';
import { type CloudConfig, files, ports, rehearsalLabel } from './cloud-config.ts';
import { lastPart, linkPath } from './compute/compute-path.ts';
import { type JsonObject, listAt, objectAt, objectsAt, textAt, textsAt } from './json.ts';
import type { Site } from './site.ts';

/** What a forwarder asks for again and again. */
export interface Backends {
  readonly addresses: readonly string[];
  /** Null: no probe. */
  readonly probe: { readonly port: number; readonly path: string } | null;
}

export class Balancers {
  readonly #site: Site;
  readonly #config: CloudConfig;

  constructor(site: Site, config: CloudConfig) {
    this.#site = site;
    this.#config = config;
  }

  /** Makes the forwarders what the rules say. */
  async reconcile(): Promise<void> {
    const filters = [
      '--filter',
      `label=${rehearsalLabel}=${this.#config.name}`,
      '--filter',
      `label=${rehearsalLabel}.rule`,
    ];
    const listed = await dockerOutput([
      'ps',
      '--all',
      ...filters,
      '--format',
      `{{.Names}} {{.Label "${rehearsalLabel}.rule"}}`,
    ]);
    const present = new Map(
      listed.split('\n').flatMap((line) => {
        const [name, rule] = line.split(' ');
        return name === undefined || rule === undefined ? [] : [[rule, name]];
      }),
    );
    const rules = this.#rules();
    for (const [rule, name] of present) if (!rules.has(rule)) await docker(['rm', '--force', name]);
    for (const [id, rule] of rules) if (!present.has(id)) await this.#start(id, rule);
  }

  /** Undefined: no such rule. */
  backends(id: string): Backends | undefined {
    const rule = this.#rules().get(id);
    const service = rule === undefined ? undefined : this.#linked(rule, 'backendService');
    if (service === undefined) return undefined;
    const addresses = objectsAt(service, 'backends').flatMap((backend) =>
      this.#machines(textAt(backend, 'group') ?? ''),
    );
    const check = this.#site.store.get(`compute/${linkPath(textsAt(service, 'healthChecks')[0] ?? '') ?? ''}`);
    const http = check === undefined ? undefined : objectAt(check, 'httpHealthCheck');
    return {
      addresses,
      probe: http === undefined ? null : { port: Number(http['port'] ?? 80), path: textAt(http, 'requestPath') ?? '/' },
    };
  }

  #rules(): Map<string, JsonObject> {
    return new Map(
      this.#site.store
        .all(`compute/projects/${this.#site.project}/`)
        .filter(({ path }) => path.includes('/forwardingRules/'))
        .map(({ body }) => [textAt(body, 'id') ?? '', body]),
    );
  }

  #machines(group: string): string[] {
    const path = (linkPath(group) ?? '').replace('/instanceGroups/', '/instanceGroupManagers/');
    const names = listAt(this.#site.store.get(`group-members/${path}`) ?? {}, 'names').map(String);
    const zone = path.slice(0, path.indexOf('/instanceGroupManagers/'));
    return names.flatMap((name) => {
      const instance = this.#site.store.get(`compute/${zone}/instances/${name}`);
      const [port = {}] = objectsAt(instance ?? {}, 'networkInterfaces');
      const address = textAt(port, 'networkIP');
      return instance?.['status'] === 'RUNNING' && address !== undefined ? [address] : [];
    });
  }

  #linked(body: JsonObject, key: string): JsonObject | undefined {
    return this.#site.store.get(`compute/${linkPath(textAt(body, key) ?? '') ?? ''}`);
  }

  async #start(id: string, rule: JsonObject): Promise<void> {
    const address = textAt(rule, 'IPAddress') ?? '';
    const wanted = listAt(rule, 'ports').map(Number);
    const open = wanted.length > 0 ? wanted : [80, 443];
    const bundle = `${this.#config.folder}/${files.bundle}`;
    await dockerOutput([
      ...[
        'run',
        '--detach',
        '--name',
        `rehearsal-${this.#config.name}-balancer-${lastPart(textAt(rule, 'name') ?? id)}`,
      ],
      ...['--network', this.#config.network, '--restart', 'unless-stopped'],
      ...['--label', `${rehearsalLabel}=${this.#config.name}`, '--label', `${rehearsalLabel}.rule=${id}`],
      ...open.flatMap((port) => ['--publish', `${address}:${port}:${port}`]),
      ...['--volume', `${bundle}:${bundle}:ro`, this.#config.image.node],
      ...[
        'node',
        bundle,
        'forwarder',
        `http://${this.#config.address}:${ports.control}/backends/${id}`,
        open.join(','),
      ],
    ]);
  }
}
