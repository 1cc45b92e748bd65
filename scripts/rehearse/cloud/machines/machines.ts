/** Port to what runs the machines: containers in a rehearsal, a list in tests. Every call may be repeated. */

export interface Machine {
  readonly name: string;
  /** Of the instance: another one under the same name is another machine. */
  readonly id: string;
  readonly address: string;
  /** Null: none. */
  readonly publicAddress: string | null;
  /** Further disks by the name that the machine sees; each lives on by its id. */
  readonly disks: readonly { readonly deviceName: string; readonly disk: string }[];
}

export interface Machines {
  /** Resolves when the machine runs; one that runs already stays as it is. */
  boot(machine: Machine): Promise<void>;
  /** As the power button: the machine ends its services, and is stopped after 90 s at most. Then it is gone, boot disk and all. */
  remove(machine: Machine): Promise<void>;
  stop(machine: Machine): Promise<void>;
  reset(machine: Machine): Promise<void>;
  /** What is on one becomes what is on the other; one of them may be a snapshot. */
  copyDisk(from: string, to: string): void;
  deleteDisk(disk: string): Promise<void>;
}
