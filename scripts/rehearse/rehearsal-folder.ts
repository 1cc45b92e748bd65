/**
 * What a rehearsal has made, on disk from before it is made: so that the next run (or --down) can end it whatever became
 * of this one.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface RehearsalState {
  readonly name: string;
  /** Of the run that drives it; gone or another program's when it was killed or left it running. */
  readonly pid: number;
  readonly kept: boolean;
  readonly startedEngine: boolean;
  readonly project: string;
  readonly projectNumber: string;
  /** Docker's network of the machines, its range, and the stand-in's address in it. */
  readonly network: string;
  readonly range: string;
  /** Part of it that the engine takes addresses from for what is no machine. */
  readonly engineRange: string;
  readonly address: string;
  readonly publicPrefix: string;
  /** On 127.0.0.1. */
  readonly proxyPort: number;
  readonly registryPort: number;
}

export class RehearsalFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path(...parts: readonly string[]): string {
    return path.join(this.root, ...parts);
  }

  /** The stand-in's own. */
  cloud(...parts: readonly string[]): string {
    return this.path('cloud', ...parts);
  }

  read(): RehearsalState | undefined {
    const file = this.path('state.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RehearsalState) : undefined;
  }

  write(state: RehearsalState): void {
    mkdirSync(this.root, { recursive: true, mode: 0o700 });
    const file = this.path('state.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
