import { spawnSync } from 'node:child_process';
import t from 'tap';
import { renderCompletion } from '../../../cli/verbs/completion.ts';

const verbs = [
  { name: 'hosts', summary: "Hosts: 'two' lights", words: ['remove', '--pool'] },
  { name: 'version', summary: 'Versions', words: [] },
];

t.test('renderCompletion: bash accepts its script and completes from it', (t) => {
  const script = `${renderCompletion('bash', verbs)}\nCOMP_WORDS=(longshore hosts --); COMP_CWORD=2; _longshore; echo "\${COMPREPLY[*]}"`;
  // Where its input is a socket, as node gives it, bash may take itself for a remote login and read a file for people.
  const shell = spawnSync('bash', ['--norc', '-euc', script], { encoding: 'utf8' });

  t.equal(shell.stderr, '');
  t.equal(shell.stdout, '--pool\n');
  t.end();
});

t.test('renderCompletion: fish gets every verb with its summary, quoted', (t) => {
  t.match(renderCompletion('fish', verbs), String.raw`-a hosts -d 'Hosts: '\''two'\'' lights'`);
  t.match(renderCompletion('zsh', verbs), /bashcompinit/);
  t.end();
});
