import t from 'tap';
import { parseDemoOptions } from '../../../../scripts/demo/options.ts';

t.test('demo options: without any it stays until Ctrl-C', (t) => {
  t.same(parseDemoOptions([]), { after: 'live', breakIt: false, inContainers: false, bind: '127.0.0.1', name: 'demo' });
  t.same(parseDemoOptions(['--exit', '--break']), {
    after: 'exit',
    breakIt: true,
    inContainers: false,
    bind: '127.0.0.1',
    name: 'demo',
  });
  t.same(parseDemoOptions(['--keep', '--bind', '0.0.0.0']), {
    after: 'keep',
    breakIt: false,
    inContainers: false,
    bind: '0.0.0.0',
    name: 'demo',
  });
  t.equal(parseDemoOptions(['--agents-in-containers']).inContainers, true);
  t.end();
});

t.test('demo options: says what is wrong', (t) => {
  t.throws(() => parseDemoOptions(['--exit', '--keep']), /--keep and --exit exclude each other/);
  t.throws(() => parseDemoOptions(['--bind']), /--bind needs an address/);
  t.throws(() => parseDemoOptions(['--name', '../x']), /--name needs a short name/);
  t.throws(() => parseDemoOptions(['--what']), /no option --what/);
  t.end();
});
