// Writes both stacks of each example fleet into a folder: what scripts/compare-cdktn.sh compares.
// Usage: node --import=tsx scripts/cdktn/write-stacks.ts FOLDER
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildApp } from '../../infra/build-app.ts';
import { readFleetFile } from '../../infra/fleet-file/read-fleet-file.ts';

const [folder = ''] = process.argv.slice(2);
const archive = (file: string): { readonly path: string; readonly file: string; readonly sha256: string } => ({
  path: `/nowhere/${file}`,
  file,
  sha256: 'a'.repeat(64),
});
const files = ['fleet.example.yaml', ...readdirSync('examples/fleets').map((file) => `examples/fleets/${file}`)];
mkdirSync(folder, { recursive: true });
for (const file of files) {
  const fleet = readFleetFile({ path: file, text: readFileSync(file, 'utf8') });
  buildApp({
    fleet,
    outputFolder: path.resolve(folder, path.basename(file, '.yaml')),
    stateFolder: '/nowhere',
    gcp: {
      environment: {
        credentials: { kind: 'application-default' },
        impersonate: null,
        publicKey: null,
        privateKeyPath: null,
      },
      programs: {
        agents: { x64: archive('agent-x64.tar.gz'), arm64: archive('agent-arm64.tar.gz') },
        coordinator: archive('coordinator-x64.tar.gz'),
      },
    },
    local: null,
  }).synth();
}
