// What a run of the demo (or of a bench) has made, on disk from before it is made: so that the next run (or --down) can
// end it whatever became of this one.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface DemoHost {
  readonly name: string;
  readonly ingressPort: number;
  readonly httpPort: number;
  readonly subnetPool: string;
}

export interface DemoState {
  /** Names its registry and its pool: `demo`, `bench`. */
  readonly name: string;
  /** Of the run that shows it; gone or another program's when it was killed or left it running. */
  readonly pid: number;
  readonly kept: boolean;
  readonly startedEngine: boolean;
  /** Its agents run inside containers of the engine. */
  readonly inContainers: boolean;
  readonly coordinatorPort: number;
  readonly registryPort: number;
  readonly hosts: readonly DemoHost[];
}

export class DemoFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path(...parts: readonly string[]): string {
    return path.join(this.root, ...parts);
  }

  read(): DemoState | undefined {
    const file = this.path('state.json');
    if (!existsSync(file)) return undefined;
    return JSON.parse(readFileSync(file, 'utf8')) as DemoState;
  }

  write(state: DemoState): void {
    mkdirSync(this.root, { recursive: true, mode: 0o700 });
    const file = this.path('state.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
