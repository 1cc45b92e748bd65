/**
 * Disks as files behind loop devices: a machine sees an empty block device under Google's own name and formats it
 * itself, and what is on it outlives the machine. A device is found by its file, so that nothing must be remembered; the
 * kernel keeps 63 characters of that path, hence the short folder and the hash for a name.
 */
import { spawnSync, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { VM_IMAGE } from '../../../vm/run-vm.ts';

export class DiskFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Path of the loop device, made where it is missing. */
  attach(disk: string, sizeGb: number): string {
    const file = this.#file(disk);
    if (!existsSync(file)) {
      const handle = openSync(file, 'w');
      ftruncateSync(handle, sizeGb * 1024 ** 3);
      closeSync(handle);
    }
    const before = this.#device(file);
    if (before !== undefined) return before;
    losetup(['-f', file]);
    const device = this.#device(file);
    if (device === undefined) throw new Error(`disk ${disk}: no loop device shows ${file}`);
    return device;
  }

  /** One that was never attached is empty, and so is its copy. */
  copy(from: string, to: string): void {
    const file = this.#file(from);
    if (!existsSync(file)) return;
    // A disk is mostly holes: written out as zeros they would take minutes and the machine's room. The image of this
    // container has no program that leaves them out; that of the machines has.
    const copy = ['cp', '--sparse=always', '--reflink=auto', file, this.#file(to)];
    const own = ['--network', 'none', '--volumes-from', hostname()];
    execFileSync('docker', ['run', '--rm', ...own, VM_IMAGE, ...copy], { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  remove(disk: string): void {
    const file = this.#file(disk);
    const device = existsSync(file) ? this.#device(file) : undefined;
    if (device !== undefined) losetup(['-d', device]);
    rmSync(file, { force: true });
  }

  #device(file: string): string | undefined {
    for (const line of losetup(['-a']).split('\n')) {
      const [, device, shown] = /^(\/dev\/loop\d+): \S+ (.+)$/.exec(line) ?? [];
      if (device !== undefined && shown === file) return device;
    }
    return undefined;
  }

  #file(disk: string): string {
    return path.join(this.#folder, createHash('sha256').update(disk).digest('hex').slice(0, 16));
  }
}

function losetup(args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('losetup', args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`losetup ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}
