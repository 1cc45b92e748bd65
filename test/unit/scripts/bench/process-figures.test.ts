import t from 'tap';
import { parseCpuTicks, parseKilobytes } from '../../../../scripts/bench/process-figures.ts';

t.test('parseKilobytes: the field itself, not one that begins or ends like it', (t) => {
  const text = 'Rss:  100 kB\nPss_Dirty:     30 kB\nPss:              77 kB\nSwapPss:   5 kB\n';
  t.equal(parseKilobytes(text, 'Pss'), 77);
  t.equal(parseKilobytes(text, 'VmRSS'), null);
  t.end();
});

t.test('parseCpuTicks: user and system, whatever the program is called', (t) => {
  const stat = '42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 700 55 0 0 20 0 11 0 12345 1000000 2000';
  t.equal(parseCpuTicks(stat), 755);
  t.end();
});
