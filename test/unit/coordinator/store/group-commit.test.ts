import t from 'tap';
import { runBatch } from '../../../../coordinator/store/group-commit.ts';
import type { Call, Connection } from '../../../../coordinator/store/group-commit.ts';
import { LongshoreError, problem } from '../../../../fleet/errors.ts';

t.test('runBatch: where a call cannot be undone alone the batch ends, for the reason of that call', async (t) => {
  const said: string[] = [];
  const connection: Connection = {
    db: null as unknown as Connection['db'],
    begin: 'BEGIN',
    exec: (sql) => {
      said.push(sql);
      if (sql.startsWith('ROLLBACK TO')) throw new Error('no such savepoint');
    },
    spoils: () => false,
    isLocked: () => false,
    mayRepeat: () => false,
    problemOf: (error, operation) =>
      error instanceof LongshoreError ? error.problem : problem('INTERNAL', `${operation}: ${String(error)}`),
  };
  const call = (id: number, run: Call['run']): Call => ({ id, name: 'test', writes: true, run });
  const waiting = [
    call(2, () => Promise.reject(new LongshoreError('NO_SPACE', 'the disk is full'))),
    call(3, () => Promise.resolve('later')),
  ];

  const { answers, appended } = await runBatch(
    connection,
    call(1, () => Promise.resolve('first')),
    () => waiting.shift() ?? null,
    () => 0,
  );

  t.match(answers, [
    { kind: 'failed', id: 1, problem: { code: 'NO_SPACE' } },
    { kind: 'failed', id: 2, problem: { code: 'NO_SPACE' } },
  ]);
  t.same(appended, []);
  t.equal(said.at(-1), 'ROLLBACK');
  t.notOk(said.includes('COMMIT'));
  t.equal(waiting.length, 1, 'whoever was not in it has a batch of its own');
});
