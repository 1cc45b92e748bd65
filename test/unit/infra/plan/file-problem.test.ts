import { readFileSync } from 'node:fs';
import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { asProblem } from '../../../../infra/plan/file-problem.ts';

function failureOf(act: () => unknown): unknown {
  try {
    act();
    return null;
  } catch (error) {
    return error;
  }
}

t.test('file problem: what is wrong with a path is said in words', (t) => {
  const folder = t.testdir({ file: '' });
  const missing = asProblem(failureOf(() => readFileSync(`${folder}/none`)));
  t.match(missing, { problem: { code: 'INFRA_UNREADY', message: `open ${folder}/none: it does not exist` } });
  const inside = asProblem(failureOf(() => readFileSync(`${folder}/file/x`)));
  t.match(inside, { problem: { message: /a part of its path is a file and no folder/ } });
  t.end();
});

t.test('file problem: everything else is left as it is', (t) => {
  const other = new Error('a fault of ours');
  t.equal(asProblem(other), other);
  const known = new LongshoreError('CONFLICT', 'x');
  t.equal(asProblem(known), known);
  const away = Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' });
  t.equal(asProblem(away), away);
  t.end();
});
