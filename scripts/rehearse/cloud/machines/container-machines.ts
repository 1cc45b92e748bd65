/**
 * Machines as Debian 13 + systemd containers. Each knows Google's names by its resolver, trusts the rehearsal's root,
 * and has a route to the metadata server; its public address is one of loopback, published by the engine.
 */
import { docker, dockerOutput } from '../../../vm/docker-command.ts';
import { existingVm, startVm } from '../../../vm/run-vm.ts';
import { metadataAddress, rehearsalLabel } from '../cloud-config.ts';
import type { DiskFiles } from './disk-files.ts';
import type { Machine, Machines } from './machines.ts';

export interface ContainerMachinesOptions {
  readonly rehearsal: string;
  readonly network: string;
  /** Of the stand-in in that network. */
  readonly gateway: string;
  readonly disks: DiskFiles;
  readonly diskSizeGb: (disk: string) => number;
  /** Paths on the engine's machine. */
  readonly root: string;
  readonly resolver: string;
}

const publishedPorts = [80, 443];
const powerOffSeconds = 90;

export class ContainerMachines implements Machines {
  readonly #options: ContainerMachinesOptions;

  constructor(options: ContainerMachinesOptions) {
    this.#options = options;
  }

  async boot(machine: Machine): Promise<void> {
    const name = this.#name(machine);
    const before = await this.#state(name);
    if (before?.id === machine.id) {
      if (before.state !== 'running') await existingVm(name).start();
      return;
    }
    if (before !== undefined) await existingVm(name).remove();
    const { rehearsal, network, gateway, disks, diskSizeGb, root, resolver } = this.#options;
    const vm = await startVm({
      name,
      hostname: machine.name,
      network,
      address: machine.address,
      dns: [],
      hosts: [],
      publish:
        machine.publicAddress === null
          ? []
          : publishedPorts.map((port) => `${machine.publicAddress ?? ''}:${port}:${port}`),
      routes: [`${metadataAddress}/32 via ${gateway}`],
      mounts: [`${resolver}:/etc/resolv.conf:ro`, `${root}:/usr/local/share/ca-certificates/rehearsal.crt:ro`],
      sysctls: [],
      devices: machine.disks.map(
        ({ deviceName, disk }) => `${disks.attach(disk, diskSizeGb(disk))}:/dev/disk/by-id/google-${deviceName}`,
      ),
      labels: { [rehearsalLabel]: rehearsal, [`${rehearsalLabel}.instance`]: machine.id },
    });
    // Its work files would vanish from /tmp, over which the boot lays a fresh one.
    await vm.output(['env', 'TMPDIR=/root', 'update-ca-certificates']);
  }

  async remove(machine: Machine): Promise<void> {
    await this.stop(machine);
    const name = this.#name(machine);
    if ((await this.#state(name)) !== undefined) await existingVm(name).remove();
  }

  async stop(machine: Machine): Promise<void> {
    const name = this.#name(machine);
    if ((await this.#state(name))?.state !== 'running') return;
    await dockerOutput(['stop', '--time', String(powerOffSeconds), name]);
  }

  async reset(machine: Machine): Promise<void> {
    await dockerOutput(['restart', '--time', '0', this.#name(machine)]);
  }

  copyDisk(from: string, to: string): void {
    this.#options.disks.copy(from, to);
  }

  deleteDisk(disk: string): Promise<void> {
    this.#options.disks.remove(disk);
    return Promise.resolve();
  }

  #name(machine: Machine): string {
    return `rehearsal-${this.#options.rehearsal}-${machine.name}`;
  }

  async #state(name: string): Promise<{ readonly id: string; readonly state: string } | undefined> {
    const form = `{{index .Config.Labels "${rehearsalLabel}.instance"}} {{.State.Status}}`;
    const { code, stdout } = await docker(['container', 'inspect', '--format', form, name]);
    const [id, state] = stdout.trim().split(' ');
    return code !== 0 || id === undefined || state === undefined ? undefined : { id, state };
  }
}
