/**
 * The rules of the data disk on real block devices (files behind loop devices), in the image of the machine: what is
 * provably empty is formatted, everything else is kept or refused.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { WRITE_FILE_FUNCTION } from '../../setup/machine-file.ts';
import { DISK_FUNCTIONS, VOLUMES_DISK_FUNCTIONS } from '../../setup/disk-functions.ts';
import { SETUP_FUNCTIONS } from '../../setup/setup-functions.ts';
import { docker, type CommandResult } from '../../scripts/vm/docker-command.ts';
import { VM_IMAGE } from '../../scripts/vm/run-vm.ts';
import { vmsAreMissing } from '../support/vm-stage.ts';

const skip = (await vmsAreMissing()) || loopsAreMissing();
const FOLDER = '/var/lib/longshore-coordinator';

t.test('data disk', { skip }, async (t) => {
  await t.test('an empty one is formatted, mounted by UUID, marked; the second time its data is there', async (t) => {
    const { device: disk } = loop(t);
    const first = await onMachine(disk, `data_disk "$DEVICE" ${FOLDER}; echo precious >${FOLDER}/db; cat /etc/fstab`);
    t.equal(first.code, 0, first.stderr);
    t.match(first.stdout, /is empty; making a file system/);
    t.match(first.stdout, /^UUID=[0-9a-f-]{36} \/var\/lib\/longshore-coordinator ext4 \S*nofail\S* 0 2$/m);
    const second = await onMachine(disk, `data_disk "$DEVICE" ${FOLDER}; ls -A ${FOLDER}; cat ${FOLDER}/db`);
    t.equal(second.code, 0, second.stderr);
    t.notMatch(second.stdout, /making a file system/);
    t.match(second.stdout, /\.longshore-disk\n/);
    t.match(second.stdout, /precious/);
  });

  await t.test('what is mounted already stays as it is', async (t) => {
    const { device: disk } = loop(t);
    const line = `mkdir -p ${FOLDER}; mount -t tmpfs none ${FOLDER}; data_disk "$DEVICE" ${FOLDER}; ls -A ${FOLDER}; blkid -p "$DEVICE" || echo untouched`;
    const { code, stdout, stderr } = await onMachine(disk, line);
    t.equal(code, 0, stderr);
    t.match(stdout, /\.longshore-disk\nuntouched/);
  });

  await t.test('one with a partition table is never formatted', async (t) => {
    const { device: disk } = loop(t);
    const line = `{ printf '\\x00\\x00\\x00\\x00\\x83\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x10\\x00\\x00'; head -c 48 /dev/zero; printf '\\x55\\xaa'; } | dd of="$DEVICE" bs=1 seek=446 conv=notrunc status=none; before=$(sha256sum <"$DEVICE"); (data_disk "$DEVICE" ${FOLDER}) || echo refused; [ "$before" = "$(sha256sum <"$DEVICE")" ] && echo untouched`;
    const { stdout, stderr } = await onMachine(disk, line);
    t.match(stdout, /refused\nuntouched/);
    t.match(stderr, /not empty either; it is not touched/);
  });

  await t.test('one that cannot be read is not taken for an empty one', async (t) => {
    const { device, file } = loop(t);
    // From here on the kernel answers every read with an input/output error.
    truncateSync(file, 0);
    const { code, stderr } = await onMachine(device, `data_disk "$DEVICE" ${FOLDER}`);
    t.equal(code, 1);
    t.match(stderr, /could not be read or is not empty; it is not touched/);
    t.equal(statSync(file).size, 0, 'nothing was written');
  });

  await t.test('one with data that no tool knows is not taken for an empty one', async (t) => {
    for (const place of ['0', '$(($(blockdev --getsize64 "$DEVICE") - 512))']) {
      const { device } = loop(t);
      const line = `printf theirs | dd of="$DEVICE" bs=1 seek=${place} conv=notrunc status=none; before=$(sha256sum <"$DEVICE"); (data_disk "$DEVICE" ${FOLDER}) || echo refused; [ "$before" = "$(sha256sum <"$DEVICE")" ] && echo untouched`;
      const { stdout, stderr } = await onMachine(device, line);
      t.match(stdout, /refused\nuntouched/, place);
      t.match(stderr, /could not be read or is not empty; it is not touched/);
    }
  });

  await t.test('one that was made bigger is used whole, although the boot has mounted it already', async (t) => {
    const { device, file } = loop(t);
    const size = `df --output=size -BM ${FOLDER} | tail -n 1`;
    const first = await onMachine(device, `data_disk "$DEVICE" ${FOLDER} >/dev/null; ${size}`);
    t.ok(Number.parseInt(first.stdout, 10) < 32, first.stdout);
    truncateSync(file, 96 * 1024 * 1024);
    execFileSync('losetup', ['--set-capacity', device]);
    // Enlarging in use asks for a right (SYS_RESOURCE) that a container may not have: here it is done between two mounts.
    const aside = `resize2fs() { umount ${FOLDER} && e2fsck -fp "$1" >/dev/null && command resize2fs "$1" && mount "$1" ${FOLDER}; }`;
    const run = `${aside}; mkdir -p ${FOLDER}; mount "$DEVICE" ${FOLDER}; data_disk "$DEVICE" ${FOLDER}; ${size}`;
    const second = await onMachine(device, run);
    t.equal(second.code, 0, second.stderr);
    t.ok(Number.parseInt(second.stdout, 10) > 64, second.stdout);
    const third = await onMachine(device, run);
    t.equal(third.stdout + third.stderr, second.stdout, 'and the next run has nothing to say');
  });

  await t.test("a file system with somebody else's data is refused until a person marks it", async (t) => {
    const { device: disk } = loop(t);
    const foreign = 'mkfs.ext4 -q "$DEVICE"; mount "$DEVICE" /mnt; echo theirs >/mnt/file; umount /mnt';
    const refused = await onMachine(disk, `${foreign}; data_disk "$DEVICE" ${FOLDER}`);
    t.not(refused.code, 0);
    t.match(refused.stderr, /holds data that is not Longshore's/);
    const marked = await onMachine(
      disk,
      `mount "$DEVICE" /mnt; touch /mnt/.longshore-disk; umount /mnt; data_disk "$DEVICE" ${FOLDER}; cat ${FOLDER}/file`,
    );
    t.equal(marked.code, 0, marked.stderr);
    t.match(marked.stdout, /theirs/);
  });

  await t.test("a pool's disk holds Docker's volumes and the agent's memory, which need it to start", async (t) => {
    const { device: disk } = loop(t);
    const first = await onMachine(
      disk,
      `volumes_disk "$DEVICE"; echo 1 >/var/lib/docker/volumes/data; echo 2 >/var/lib/longshore-agent/identity.json; cat /etc/systemd/system/*.d/longshore-disk.conf; volumes_disk "$DEVICE"; grep -c bind /etc/fstab`,
    );
    t.equal(first.code, 0, first.stderr);
    for (const folder of ['/var/lib/docker/volumes', '/var/lib/longshore-agent']) {
      t.ok(first.stdout.includes(`RequiresMountsFor=${folder}\nAssertPathExists=${folder}/.longshore-disk\n`), folder);
    }
    t.match(first.stdout, /\n2\n$/, 'and the second run adds nothing');
    const other = await onMachine(
      disk,
      'volumes_disk "$DEVICE"; cat /var/lib/docker/volumes/data /var/lib/longshore-agent/identity.json',
    );
    t.equal(other.code, 0, other.stderr);
    t.match(other.stdout, /1\n2\n/, 'another machine finds both');
    const without = await onMachine(null, 'volumes_disk /dev/disk/by-id/google-longshore-volumes; echo nothing to do');
    t.equal(without.stdout, 'nothing to do\n');
  });

  await t.test('one that is not attached is said, and tried again by the setup', async (t) => {
    const { code, stderr } = await onMachine(null, `data_disk /dev/disk/by-id/google-longshore-data ${FOLDER}`);
    t.equal(code, 1);
    t.match(stderr, /google-longshore-data is not attached/);
  });
});

/** The functions with a line after them, in a container of the machine's image that has the device. */
function onMachine(device: string | null, line: string): Promise<CommandResult> {
  const script = `set -euo pipefail\n${WRITE_FILE_FUNCTION}\n${SETUP_FUNCTIONS}\n${DISK_FUNCTIONS}\n${VOLUMES_DISK_FUNCTIONS}\nsystemctl() { :; }\n${line}\n`;
  const attached = device === null ? [] : ['--device', device, '--env', `DEVICE=${device}`];
  const rights = [
    '--cap-add',
    'SYS_ADMIN',
    '--security-opt',
    'seccomp=unconfined',
    '--security-opt',
    'apparmor=unconfined',
  ];
  return docker(
    ['run', '--rm', '--interactive', '--tmpfs', '/mnt', ...attached, ...rights, VM_IMAGE, 'bash', '-s'],
    script,
  );
}

/** A block device of 32 MB full of zeros, and the file that it stands on. */
function loop(t: { testdir(): string; teardown(work: () => void): void }): { device: string; file: string } {
  const file = path.join(mkdtempSync(path.join(t.testdir(), 'disk-')), 'disk');
  execFileSync('truncate', ['--size', '32M', file]);
  const device = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim();
  t.teardown(() => {
    execFileSync('losetup', ['--detach', device]);
  });
  return { device, file };
}

function loopsAreMissing(): string | false {
  if (process.getuid?.() === 0 && spawnSync('losetup', ['--find']).status === 0) return false;
  const reason = 'no loop devices can be made here (root, losetup)';
  if (process.env.LONGSHORE_REQUIRE_ENGINE === '1') throw new Error(reason);
  return reason;
}
