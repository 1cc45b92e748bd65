/**
 * From the text of a file (a declaration, what gcloud says about a VM, or a shell script with the gcloud command) to the texts of compose.yaml and of
 * the pool, and what has no equivalent. Pure; all mistakes come in one answer, each with line and column.
 */
import { createReport } from '../../compose/source/report.ts';
import { parseYaml } from '../../compose/source/yaml-source.ts';
import type { Position } from '../../compose/source/tree.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { theContainerCommand } from './command-flags.ts';
import { splitCommands } from './command-words.ts';
import { appNameFrom, poolNameFrom } from './import-names.ts';
import { importNotes } from './import-notes.ts';
import type { FoundPorts } from './ports.ts';
import { readDeclaration } from './read-declaration.ts';
import { isDescription, readDescription } from './read-description.ts';
import { readGcloudCommand } from './read-gcloud-command.ts';
import { renderCompose } from './to-compose.ts';
import { poolCount, renderPool } from './to-pool.ts';
import type { ImportNote, KonletImport } from './workload.ts';

export interface ImportWishes {
  /** As the user named the file. */
  readonly source: string;
  /** Null: from the container's. */
  readonly app: string | null;
  /** Null: from the app's. */
  readonly pool: string | null;
  readonly found: FoundPorts;
  readonly hostNetwork: boolean;
  /** The env file as seen from where compose.yaml will be. */
  readonly envFile: string | null;
}

export interface ImportedFiles {
  readonly app: string;
  readonly pool: string;
  readonly compose: string;
  readonly poolEntry: string;
  readonly notes: readonly ImportNote[];
}

/** @throws INPUT_INVALID with every mistake */
export function readKonlet(file: string, text: string): KonletImport {
  const start: Position = { file, base: '.', line: 1, column: 1 };
  const report = createReport();
  const found = isCommand(text) ? readCommand(text) : readYaml();
  const errors = report.errors();
  if (found === null || errors.length > 0)
    throw new LongshoreError(
      'INPUT_INVALID',
      `import ${file}: ${errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`}`,
      {
        hint: 'It takes a gce-container-declaration (YAML), what `gcloud compute instances describe` prints, or a `gcloud compute instances create-with-container` command.',
        details: errors,
      },
    );
  return found;

  function readCommand(script: string): KonletImport | null {
    const command = theContainerCommand(splitCommands(script, start, report), start, report);
    return command === null ? null : readGcloudCommand(command, report);
  }

  function readYaml(): KonletImport | null {
    const tree = parseYaml({ file, base: '.', text }, report);
    if (tree !== null && isDescription(tree)) return readDescription(tree, report);
    const workload = tree === null ? null : readDeclaration(tree, report);
    return workload === null ? null : { workload, machine: null, notes: [] };
  }
}

export function renderImport(imported: KonletImport, wishes: ImportWishes): ImportedFiles {
  const app = wishes.app ?? appNameFrom(imported.workload.name);
  const pool = wishes.pool ?? poolNameFrom(app);
  const { found, hostNetwork } = wishes;
  return {
    app,
    pool,
    compose: renderCompose(
      { ...imported.workload, envFile: wishes.envFile },
      {
        app,
        pool,
        ports: found.ports,
        hostNetwork,
        perHostVolumes: poolCount(imported) > 1 || imported.machine?.kind === 'group',
        source: wishes.source,
      },
    ),
    poolEntry: renderPool(imported, { pool, ports: hostNetwork ? [] : found.ports }),
    notes: importNotes(imported, { found, hostNetwork }),
  };
}

/** What is keys and values is YAML, whatever its values say: an argument may well be a line that begins with `gcloud`. */
function isCommand(text: string): boolean {
  const tree = parseYaml({ file: '', base: '.', text }, createReport());
  if (tree?.kind === 'map' && ![...tree.entries.keys()].some(beginsCommand)) return false;
  return !text.trimStart().startsWith('{') && text.split('\n').some((line) => beginsCommand(line.trim()));
}

function beginsCommand(line: string): boolean {
  return /^(?:\$ |sudo )?gcloud\s/.test(line) || /^[^#:]*\b(?:create-with|update)-container\b/.test(line);
}
