// The bench's app file, resolved: as it is, and with five services for one host.
import { readFileSync } from 'node:fs';
import { loadAppFile } from '../../compose/load-app-file.ts';
import type { AppSpec } from '../../fleet/app-spec.ts';

const appFile = 'scripts/bench/app/compose.yaml';
const socketFile = 'scripts/bench/app/compose.socket.yaml';
const fiveFile = 'scripts/bench/app/compose.five.yaml';

export function appSpec(image: string, version: string): AppSpec {
  return load([appFile], image, version);
}

export function fiveServices(image: string, version: string): AppSpec {
  return load([fiveFile], image, version);
}

/** With a service beside it that no version changes. */
export function withSocket(image: string, version: string): AppSpec {
  return load([appFile, socketFile], image, version);
}

function load(files: readonly string[], image: string, version: string): AppSpec {
  const loaded = loadAppFile({
    files,
    readFile: (file) => (files.includes(file) ? { text: readFileSync(file, 'utf8') } : null),
    environment: { BENCH_IMAGE: image, BENCH_VERSION: version },
  });
  if (!loaded.ok) throw new Error(`${files.join(', ')}: ${JSON.stringify(loaded.problem.details)}`);
  return loaded.spec;
}
