import t from 'tap';
import { SINKHOLE } from '../../../../agent/ingress/answer-table.ts';
import { hostsFile } from '../../../../agent/ingress/hosts-file.ts';

t.test("hostsFile: keeps the host's lines and adds what is live", (t) => {
  const text = hostsFile('127.0.0.1 localhost\n\n', {
    states: new Map(),
    answers: new Map([
      ['web', ['10.0.0.2', '10.0.0.3']],
      ['held', []],
      ['down', [SINKHOLE]],
    ]),
  });

  t.equal(
    text,
    [
      '127.0.0.1 localhost',
      '# longshore: addresses last published',
      '10.0.0.2 web.fallback.longshore.internal',
      '10.0.0.3 web.fallback.longshore.internal',
      '',
    ].join('\n'),
  );
  t.end();
});
