import t from 'tap';
import { nearest, suggestion } from '../../../../compose/values/suggest.ts';

const KEYS = ['image', 'environment', 'ports', 'stop_grace_period', 'init'];

t.test('nearest: finds a slip of the finger, and nothing far away', (t) => {
  t.equal(nearest('imag', KEYS), 'image');
  t.equal(nearest('enviroment', KEYS), 'environment');
  t.equal(nearest('port', KEYS), 'ports');
  t.equal(nearest('stop-grace-period', KEYS), 'stop_grace_period');
  t.equal(nearest('iamge', KEYS), 'image');
  t.equal(nearest('zebra', KEYS), null);
  t.equal(suggestion('imag', KEYS), ' (did you mean "image"?)');
  t.equal(suggestion('zebra', KEYS), '');
  t.end();
});

t.test('nearest: a very long word costs little', (t) => {
  t.equal(nearest('x'.repeat(200_000), KEYS), null);
  t.end();
});
