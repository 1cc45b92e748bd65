import t from 'tap';
import { cpuBetween, parseCpuTicks, parseMemory } from '../../../../agent/report/host-metrics.ts';

t.test('parseCpuTicks: busy is all but idle and waiting for disks', (t) => {
  t.same(parseCpuTicks('cpu  100 5 45 800 50 0 10 0 0 0\ncpu0 1 2 3 4\n'), { busy: 160, total: 1_010 });
  t.throws(() => parseCpuTicks('intr 1'), /is malformed/);
  t.end();
});

t.test('cpuBetween: the part of the time between two samples', (t) => {
  t.equal(cpuBetween({ busy: 100, total: 1_000 }, { busy: 150, total: 1_100 }), 0.5);
  t.equal(cpuBetween(null, { busy: 1, total: 4 }), 0.25);
  t.equal(cpuBetween({ busy: 5, total: 10 }, { busy: 5, total: 10 }), 0, 'no time between');
  t.equal(cpuBetween({ busy: 50, total: 10 }, { busy: 20, total: 20 }), 0, 'counters that went back');
  t.end();
});

t.test('parseMemory: in bytes', (t) => {
  t.same(parseMemory('MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:    1024 kB\n'), {
    totalBytes: 2_097_152,
    availableBytes: 1_048_576,
  });
  t.throws(() => parseMemory('MemTotal: 1 kB'), /MemAvailable/);
  t.end();
});
