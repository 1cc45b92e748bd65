/** The app file of an imported workload, as text. Pure. */
import { volumeNameFrom } from './import-names.ts';
import type { ImportedPort } from './ports.ts';
import type { KonletWorkload } from './workload.ts';
import { composeText, yamlList } from './yaml-text.ts';

export interface ComposeWishes {
  readonly app: string;
  readonly pool: string;
  readonly ports: readonly ImportedPort[];
  readonly hostNetwork: boolean;
  /** More than one host may run it, each with data of its own. */
  readonly perHostVolumes: boolean;
  /** Stands in the first line. */
  readonly source: string;
}

export function renderCompose(workload: KonletWorkload, wishes: ComposeWishes): string {
  const disks = [...new Set(workload.mounts.flatMap((mount) => (mount.kind === 'disk' ? [mount.disk] : [])))];
  const lines = [
    `# Made from ${wishes.source.replaceAll('\n', ' ')} by \`longshore import konlet\`. Check it with \`longshore plan\`.`,
    `name: ${composeText(wishes.app)}`,
    '',
    'services:',
    `  ${composeText(wishes.app)}:`,
    ...serviceLines(workload, wishes).map((line) => `    ${line}`),
  ];
  if (disks.length > 0) lines.push('', 'volumes:', ...disks.map((disk) => `  ${volumeNameFrom(disk)}: {}`));
  lines.push('', 'x-longshore:', '  hosts:', `    pools: [${composeText(wishes.pool)}]`);
  if (disks.length > 0 && wishes.perHostVolumes) lines.push('  volumes: per-host');
  return `${lines.join('\n')}\n`;
}

function serviceLines(workload: KonletWorkload, wishes: ComposeWishes): readonly string[] {
  const lines = [`image: ${composeText(workload.image)}`];
  if (workload.command !== null) lines.push(`entrypoint: ${wordList(workload.command)}`);
  if (workload.args !== null) lines.push(`command: ${wordList(workload.args)}`);
  if (workload.env.length > 0) {
    lines.push('environment:');
    // The last of several values of one name was the one that counted.
    for (const [name, value] of new Map(workload.env)) lines.push(`  ${composeText(name)}: ${composeText(value)}`);
  }
  if (workload.envFile !== null)
    lines.push('env_file:', `  - path: ${composeText(workload.envFile)}`, '    format: raw');
  lines.push(...mountLines(workload), ...portLines(wishes));
  if (workload.privileged) lines.push('privileged: true');
  if (workload.stdin) lines.push('stdin_open: true');
  if (workload.tty) lines.push('tty: true');
  lines.push(`restart: ${workload.restart === 'no' ? '"no"' : workload.restart}`);
  return [...lines, ...longshoreLines(wishes)];
}

function mountLines({ mounts }: KonletWorkload): readonly string[] {
  const lasting = mounts.filter((mount) => mount.kind !== 'memory');
  const memory = mounts.filter((mount) => mount.kind === 'memory');
  return [
    ...(lasting.length === 0 ? [] : ['volumes:']),
    ...lasting.flatMap((mount) => [
      `  - type: ${mount.kind === 'host' ? 'bind' : 'volume'}`,
      `    source: ${mount.kind === 'host' ? composeText(mount.path) : volumeNameFrom(mount.disk)}`,
      `    target: ${composeText(mount.target)}`,
      ...(mount.readOnly ? ['    read_only: true'] : []),
    ]),
    ...(memory.length === 0 ? [] : ['tmpfs:', ...memory.map(({ target }) => `  - ${composeText(target)}`)]),
  ];
}

function portLines({ ports, hostNetwork }: ComposeWishes): readonly string[] {
  if (hostNetwork) return ['network_mode: host'];
  const published = ports.filter(({ protocol }) => protocol !== 'http');
  if (published.length === 0) return [];
  return [
    'ports:',
    ...published.map(({ port, protocol }) => `  - "${port}:${port}${protocol === 'udp' ? '/udp' : ''}"`),
  ];
}

function longshoreLines({ ports, hostNetwork }: ComposeWishes): readonly string[] {
  const web = ports.find(({ protocol }) => protocol === 'http');
  const probed = web ?? ports.find(({ protocol }) => protocol === 'tcp');
  if (probed === undefined) return [];
  return [
    'x-longshore:',
    ...(web === undefined || hostNetwork ? [] : ['  ingress:', `    port: ${web.port}`]),
    '  health:',
    `    tcp: ${probed.port}`,
  ];
}

/** Inside a flow list everything is quoted; a `$` is written twice. */
function wordList(words: readonly string[]): string {
  return yamlList(words.map((word) => word.replaceAll('$', '$$$$')));
}
