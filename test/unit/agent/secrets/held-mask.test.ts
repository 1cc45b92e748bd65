import t from 'tap';
import { heldMask } from '../../../../agent/secrets/held-mask.ts';

t.test('heldMask: all that is held, also what came later', (t) => {
  let held = ['first-value'];
  let opened = 0;
  const secrets = {
    changes: 0,
    *values() {
      opened += 1;
      for (const value of held) yield Buffer.from(value);
    },
  };
  const mask = heldMask(secrets);
  t.equal(mask('first-value second-value'), '*** second-value');
  t.equal(mask('again first-value'), 'again ***');
  t.equal(opened, 1, 'opened once');

  held = ['second-value'];
  secrets.changes += 1;
  t.equal(mask('first-value second-value'), 'first-value ***');
  t.end();
});
