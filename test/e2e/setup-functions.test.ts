/**
 * What the setup of a machine does on days when something fails in the middle of it: its own shell functions, in the image
 * of the machine, with a disk that is full and runs that end too early.
 */
import t from 'tap';
import { WRITE_FILE_FUNCTION } from '../../setup/machine-file.ts';
import { SETUP_FUNCTIONS } from '../../setup/setup-functions.ts';
import { docker, type CommandResult } from '../../scripts/vm/docker-command.ts';
import { VM_IMAGE } from '../../scripts/vm/run-vm.ts';
import { vmsAreMissing } from '../support/vm-stage.ts';

const skip = await vmsAreMissing();
const PROGRAMS = '/usr/local/lib/longshore';
/** An archive of a program of 4 MB that is small itself, and how it is had. */
const ARCHIVE = `head -c 4M /dev/zero >/tmp/longshore-agent
tar -czf /tmp/archive.tar.gz -C /tmp longshore-agent
sum=$(sha256sum </tmp/archive.tar.gz | cut -d' ' -f1)
fetch_program() { cp /tmp/archive.tar.gz "$3"; }
`;

t.test('functions of the setup', { skip }, async (t) => {
  await t.test('a program that does not fit on the disk gets no name, and the next run has it whole', async (t) => {
    const { code, stdout, stderr } = await onMachine(
      `${ARCHIVE}
if install_program "$sum" archive.tar.gz; then echo taken; else echo refused; fi
find ${PROGRAMS} -mindepth 1
mount -o remount,size=16m ${PROGRAMS}
if install_program "$sum" archive.tar.gz; then stat -c %s "$PROGRAM_FOLDER/longshore-agent"; fi
ls -A ${PROGRAMS} | grep -c .`,
      ['--tmpfs', `${PROGRAMS}:size=1m`, '--cap-add', 'SYS_ADMIN', '--security-opt', 'apparmor=unconfined'],
    );
    t.equal(code, 0, stderr);
    t.match(stdout, /could not be unpacked; it is not used\nrefused\nprogram: fetching/);
    t.match(stdout, /\n4194304\n1\n$/);
  });

  await t.test('a program that cannot even be begun is refused', async (t) => {
    const line = `rm -rf ${PROGRAMS}; touch ${PROGRAMS}; ${ARCHIVE}
if install_program "$sum" archive.tar.gz; then echo taken; else echo refused; fi; ls -A / | grep -cx tree || true`;
    const { stdout } = await onMachine(line);
    t.equal(stdout, 'refused\n0\n');
  });

  await t.test('what a failed run has changed is acted on by the next one, once', async (t) => {
    const look = 'for path in /etc/a /etc/b /etc/link; do ! changed "$path" || echo "$path waits"; done';
    const { code, stdout, stderr } = await onMachine(
      `run() { echo "- $1"; bash -c "$FUNCTIONS"$'\\n'"$1" || echo failed; }
run 'write_file /etc/a 0644 <<<1; write_file /etc/b 0644 <<<1; switch_link /bin/true /etc/link; settled /etc/b; fail stop'
run 'write_file /etc/a 0644 <<<1; switch_link /bin/true /etc/link; ${look}'
run 'settled /etc/link; fail stop'
run '${look}; all_settled'
run '${look}; ls /run/longshore-setup.changes'`,
    );
    t.equal(code, 0, stderr);
    const [, failed, second, , fourth, fifth] = stdout.split(/^- .*\n/m);
    t.equal(failed, 'failed\n');
    t.equal(second, '/etc/a waits\n/etc/link waits\n');
    t.equal(fourth, '/etc/a waits\n');
    t.equal(fifth, 'failed\n', 'nothing waits, and there is no list');
  });
});

/** A line after the functions, in a container of the machine's image; FUNCTIONS has them for a shell of its own. */
function onMachine(line: string, flags: readonly string[] = []): Promise<CommandResult> {
  const functions = `set -euo pipefail\n${WRITE_FILE_FUNCTION}\n${SETUP_FUNCTIONS}\n`;
  return docker(
    [
      'run',
      '--rm',
      '--interactive',
      '--network',
      'none',
      '--env',
      `FUNCTIONS=${functions}`,
      ...flags,
      VM_IMAGE,
      'bash',
      '-s',
    ],
    `${functions}${line}\n`,
  );
}
