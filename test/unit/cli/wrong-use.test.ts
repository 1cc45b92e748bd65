import { Command } from 'commander';
import t from 'tap';
import { FAMILIAR, wrongUse } from '../../../cli/wrong-use.ts';

t.test('wrongUse: a familiar word names the verb here, and guesses by spelling are left out', (t) => {
  const program = new Command('longshore');
  const found = wrongUse(program, "error: unknown command 'destroy'\n(Did you mean deploy?)\n");

  t.match(found, { code: 'INPUT_INVALID', message: "unknown command 'destroy'", hint: 'longshore rm APP' });
  t.match(wrongUse(program, "error: unknown command 'hosst'\n(Did you mean hosts?)\n").message, /Did you mean hosts/);
  for (const word of ['constructor', 'zzz'])
    t.equal(wrongUse(program, `error: unknown command '${word}'`).hint, 'See `longshore --help`.', word);
  t.end();
});

t.test('wrongUse: the words of a subcommand are its own', (t) => {
  const secrets = new Command('longshore').command('secrets');
  t.equal(wrongUse(secrets, "error: unknown command 'ls'").hint, 'See `longshore secrets --help`.');
  t.ok(FAMILIAR['ls']);
  t.end();
});
