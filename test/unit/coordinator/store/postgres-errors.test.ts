import t from 'tap';
import { refusesWrites, toPostgresProblem } from '../../../../coordinator/store/postgres-errors.ts';

const said = (code: string, message: string): Error => Object.assign(new Error(message), { code });

t.test('postgres errors: a server that takes no writes is told from a call that was wrong', (t) => {
  const full = said('53100', 'could not extend file "base/16384/16385": No space left on device');
  t.equal(refusesWrites(full), 'the disk of the database is full');
  t.match(toPostgresProblem(full, 'store appendEvents'), { code: 'NO_SPACE', hint: /goes on by itself/ });

  for (const [code, message, reason] of [
    ['25006', 'cannot execute INSERT in a read-only transaction', /read-only/],
    ['58030', 'could not extend file "base/1/2": Input/output error', /disk of the database fails: .*Input/],
    ['0A000', 'cannot use serializable mode in a hot standby', /standby/],
    ['0A000', 'cannot set transaction read-write mode during recovery', /standby/],
  ] as const) {
    t.match(refusesWrites(said(code, message)), reason, message);
    t.match(toPostgresProblem(said(code, message), 'store appendEvents'), {
      code: 'STORE_UNAVAILABLE',
      message: reason,
    });
  }

  for (const error of [
    said('0A000', 'cross-database references are not implemented'),
    said('53300', 'too many connections'),
    said('57014', 'canceling statement due to statement timeout'),
    said('23505', 'duplicate key value'),
    new Error('anything'),
  ])
    t.equal(refusesWrites(error), null, error.message);
  t.match(toPostgresProblem(said('0A000', 'not implemented'), 'x'), { code: 'INTERNAL' });
  t.end();
});
