import { spawnSync } from 'node:child_process';
import t from 'tap';
import { renderCompletion } from '../../../cli/verbs/completion.ts';

const verbs = [
  { name: 'hosts', summary: "Hosts: 'two' lights", words: ['remove', '--pool'] },
  { name: 'version', summary: 'Versions', words: [] },
];

t.test('renderCompletion: bash accepts its script and completes from it', (t) => {
  // macOS has bash 3.2, which has neither of these.
  const script = `enable -n mapfile readarray\n${renderCompletion('bash', verbs)}\nCOMP_WORDS=(longshore hosts --); COMP_CWORD=2; _longshore; echo "\${COMPREPLY[*]}"`;
  // Where its input is a socket, as node gives it, bash may take itself for a remote login and read a file for people.
  const shell = spawnSync('bash', ['--norc', '-euc', script], { encoding: 'utf8' });

  t.equal(shell.stderr, '');
  t.equal(shell.stdout, '--pool\n');
  t.end();
});

/** The parts of zsh's completion system that the script calls, saying what they were given. */
const ZSH = [
  'compdef() { : }',
  'compadd() { shift; print -r -- "words: $*" }',
  '_describe() { print -r -- "$1: ${(P)2}" }',
  '_files() { print files }',
].join('\n');
const hasZsh = spawnSync('zsh', ['--version']).status === 0;

t.test(
  'renderCompletion: zsh completes by its own means',
  { skip: hasZsh ? false : 'this machine has no zsh' },
  (t) => {
    const completed = (words: string, current: number): string => {
      const script = `${ZSH}\n${renderCompletion('zsh', verbs)}\nwords=(${words}); CURRENT=${current}; _longshore`;
      const shell = spawnSync('zsh', ['-fc', script], { encoding: 'utf8' });
      t.equal(shell.stderr, '');
      return shell.stdout;
    };
    t.equal(completed('longshore ho', 2), "verb: hosts:Hosts\\: 'two' lights version:Versions\n");
    t.equal(completed('longshore hosts --', 3), 'words: remove --pool\n');
    t.equal(completed('longshore version x', 3), 'files\n');
    t.end();
  },
);

t.test('renderCompletion: zsh is not asked to be bash', (t) => {
  t.notMatch(renderCompletion('zsh', verbs), /mapfile|compgen|COMPREPLY/);
  t.match(renderCompletion('zsh', verbs), /^compdef _longshore longshore$/m);
  t.end();
});

t.test('renderCompletion: fish gets every verb with its summary, quoted', (t) => {
  t.match(renderCompletion('fish', verbs), String.raw`-a hosts -d 'Hosts: '\''two'\'' lights'`);
  t.end();
});
