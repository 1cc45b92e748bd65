// Synthesis of a fleet of 20 pools in 5 regions, as infra/main.ts does it: from the text of a fleet file to Terraform's
// JSON. Its one argument is the folder to write to.
import path from 'node:path';
import { buildApp } from '../../../infra/build-app.ts';
import { checkFleetFile } from '../../../infra/fleet-file/read-fleet-file.ts';
import { withoutTraces } from '../../../infra/without-traces.ts';
import { largeFleetText } from './large-fleet.ts';

const outputFolder = path.resolve(process.argv[2] ?? '');
const reading = checkFleetFile({ path: 'fleet.yaml', text: largeFleetText() });
if (reading.kind === 'wrong') throw new Error(JSON.stringify(reading.problems));
const archive = (file: string, letter: string) => ({ path: `/programs/${file}`, file, sha256: letter.repeat(64) });

withoutTraces(() =>
  buildApp({
    fleet: reading.fleet,
    outputFolder,
    stateFolder: outputFolder,
    gcp: {
      environment: {
        credentials: { kind: 'application-default' },
        impersonate: null,
        publicKey: null,
        privateKeyPath: null,
      },
      programs: {
        agents: {
          x64: archive('longshore-agent-linux-x64.tar.gz', 'a'),
          arm64: archive('longshore-agent-linux-arm64.tar.gz', 'b'),
        },
        coordinator: archive('longshore-coordinator-linux-x64.tar.gz', 'c'),
      },
    },
    local: null,
  }).synth(),
);
