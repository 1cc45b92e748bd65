/** `import konlet`: from what a konlet VM was told to compose.yaml and a pool of fleet.yaml. Talks to nobody. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { loadAppFile } from '../../compose/load-app-file.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { fileFault } from '../../fleet/file-fault.ts';
import { isAppName } from '../../fleet/ids.ts';
import { plainText } from '../../protocol/text/plain-text.ts';
import { print } from '../context.ts';
import type { Context } from '../context.ts';
import { readKonlet, renderImport, type ImportedFiles } from '../konlet/import-konlet.ts';
import { guessPorts, parsePort, type FoundPorts } from '../konlet/ports.ts';
import type { ImportNote, KonletImport } from '../konlet/workload.ts';
import type { RunVerb } from '../verb.ts';

interface ImportOptions {
  readonly out: string;
  readonly poolFile?: string;
  readonly project?: string;
  readonly pool?: string;
  readonly port?: readonly string[];
  readonly hostNetwork?: boolean;
  readonly force?: boolean;
}

const POOL_NAME = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
const LIMIT_CHARACTERS = 256 * 1024;

export function registerImport(program: Command, run: RunVerb): void {
  const verb = program.command('import').description('Bring what runs elsewhere');
  verb
    .command('konlet')
    .description('From a gce-container-declaration or a create-with-container command to compose.yaml and a pool')
    .argument(
      '<file>',
      'what `gcloud compute instances describe` prints, a declaration, or a script with the command; - for standard input',
    )
    .option('-o, --out <file>', 'where the app file goes; never overwritten without --force', 'compose.yaml')
    .option('--pool-file <file>', 'write the entry for fleet.yaml here instead of printing it')
    .option('-p, --project <name>', "name of the app instead of the container's")
    .option('--pool <name>', "name of the pool instead of the app's")
    .option(
      '--port <port>',
      'where the program listens: 8080 for HTTP, 5432/tcp or 53/udp for others; may be given again',
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option('--host-network', "keep the network of the host, as konlet had it (the hosts' policy must allow it)")
    .option('--force', 'overwrite files that exist')
    .action(run(importKonlet));
}

async function importKonlet(context: Context, file: string, options: ImportOptions): Promise<number> {
  checkNames(options);
  const said = options.port?.map(parsePort) ?? null;
  const source = file === '-' ? 'standard input' : file;
  const imported = readKonlet(source, await readSource(context, file, source));
  const found: FoundPorts =
    said === null ? await portsOf(context, imported, options.hostNetwork === true) : { ports: said, because: null };
  const out = path.resolve(context.folder, options.out);
  const files = renderImport(imported, {
    source: path.basename(source),
    app: options.project ?? null,
    pool: options.pool ?? null,
    found,
    hostNetwork: options.hostNetwork === true,
    envFile: envFileFrom(context, out, imported),
  });
  checkResult(out, files);
  const targets: readonly (readonly [string, string])[] = [
    [out, files.compose],
    ...(options.poolFile === undefined
      ? []
      : [[path.resolve(context.folder, options.poolFile), files.poolEntry] as const]),
  ];
  await writeAll(targets, options.force === true);
  print(context, { ...files, written: targets.map(([target]) => target) }, () =>
    plainText(tell(context, files, options, imported)),
  );
  return 0;
}

function checkNames({ project, pool }: ImportOptions): void {
  if (project !== undefined && !isAppName(project))
    throw new LongshoreError('INPUT_INVALID', `\`${project}\` is not an app name`, {
      hint: 'Lower-case letters, digits, - and _; at most 40.',
    });
  if (pool !== undefined && (!POOL_NAME.test(pool) || pool.length > 20))
    throw new LongshoreError('INPUT_INVALID', `\`${pool}\` is not the name of a pool`, {
      hint: 'A letter, then lower-case letters, digits and single dashes; at most 20.',
    });
}

async function readSource(context: Context, file: string, name: string): Promise<string> {
  let text = '';
  try {
    if (file === '-') {
      for await (const chunk of context.terminal.streams.stdin) {
        text += String(chunk);
        if (text.length > LIMIT_CHARACTERS) break;
      }
    } else text = await readFile(path.resolve(context.folder, file), 'utf8');
  } catch (error) {
    throw new LongshoreError('INPUT_INVALID', `read ${name}: ${fileFault(error)}`, {
      hint: 'Check the path.',
      cause: error,
    });
  }
  if (text.length > LIMIT_CHARACTERS)
    throw new LongshoreError('TOO_LARGE', `read ${name}: it has more than ${LIMIT_CHARACTERS} characters`);
  if (text.trim() === '')
    throw new LongshoreError('INPUT_INVALID', `read ${name}: it is empty`, {
      hint: 'Get it with: gcloud compute instances describe NAME --zone ZONE > vm.yaml',
    });
  return text.replace(/^\uFEFF/, '');
}

/** Only a person at a terminal is asked, and only where nothing can be told. */
async function portsOf(context: Context, imported: KonletImport, hostNetwork: boolean): Promise<FoundPorts> {
  const found = guessPorts(imported);
  const { stdin, stderr } = context.terminal.streams;
  if (found.ports.length > 0 || hostNetwork || context.json || stdin.isTTY !== true) return found;
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await lines.question(
      "konlet's containers shared the machine's network, so that no port is known.\n" +
        'Where does the program listen? (8080 for HTTP, 5432/tcp for others, nothing for none) ',
      { signal: context.signal },
    );
    return answer.trim() === ''
      ? found
      : {
          ports: answer
            .trim()
            .split(/[\s,]+/)
            .map(parsePort),
          because: null,
        };
  } finally {
    lines.close();
  }
}

/** gcloud read it relative to where it ran, which is taken to be here; the app file reads it relative to itself. */
function envFileFrom(context: Context, out: string, { workload }: KonletImport): string | null {
  if (workload.envFile === null || path.isAbsolute(workload.envFile)) return workload.envFile;
  return path.relative(path.dirname(out), path.resolve(context.folder, workload.envFile));
}

/** What was made must be what `plan` reads; an image name that konlet never checked is found here. */
function checkResult(out: string, { compose }: ImportedFiles): void {
  const loaded = loadAppFile({
    files: [out],
    // Whether an env file is there is asked when it is deployed.
    readFile: (file) => (file === out ? { text: compose } : path.basename(file) === '.env' ? null : { text: '' }),
    environment: {},
  });
  if (loaded.ok) return;
  throw new LongshoreError('INPUT_INVALID', `import: what was read makes no app file: ${loaded.problem.message}`, {
    hint: 'Correct the named values in the source; nothing was written.',
    details: loaded.problem.details,
  });
}

async function writeAll(targets: readonly (readonly [string, string])[], force: boolean): Promise<void> {
  if (!force) {
    const there = (await Promise.all(targets.map(async ([file]) => ((await exists(file)) ? [file] : [])))).flat();
    if (there.length > 0)
      throw new LongshoreError('INPUT_INVALID', `write ${there.join(', ')}: it exists already`, {
        hint: 'It was left as it is. Name another file with -o or --pool-file, or overwrite with --force.',
      });
  }
  for (const [file, text] of targets) {
    try {
      await writeFile(file, text, { flag: force ? 'w' : 'wx' });
    } catch (error) {
      throw new LongshoreError(
        'INPUT_INVALID',
        `write ${file}: ${error instanceof Error ? error.message : String(error)}`,
        { hint: 'Check the folder.', cause: error },
      );
    }
  }
}

async function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    (error: unknown) => !(error instanceof Error && 'code' in error && error.code === 'ENOENT'),
  );
}

function tell(context: Context, files: ImportedFiles, options: ImportOptions, { machine }: KonletImport): string {
  const show = (file: string): string => path.relative(context.folder, path.resolve(context.folder, file)) || file;
  return [
    `Wrote ${show(options.out)}: app ${files.app} on pool ${files.pool}.`,
    ...(options.poolFile === undefined
      ? ['', 'For fleet.yaml:', '', files.poolEntry.trimEnd()]
      : [`Wrote ${show(options.poolFile)}: put it under \`pools\` of fleet.yaml.`]),
    '',
    'To look at:',
    ...files.notes.map((note) => `  - ${noteText(note)}`),
    '',
    machine?.zone == null
      ? 'Next: bash plan.sh, terraform apply .plan, longshore deploy.'
      : `Next: let \`region\` or \`regions\` of fleet.yaml name ${machine.zone.replace(/-[a-z]$/, '')}, then bash plan.sh, terraform apply .plan, longshore deploy.`,
  ].join('\n');
}

function noteText({ what, why, at }: ImportNote): string {
  return `${what}${at === null ? '' : ` (line ${at.line}, column ${at.column})`}: ${why}`;
}
