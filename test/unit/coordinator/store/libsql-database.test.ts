import t from 'tap';
import { openFault } from '../../../../coordinator/store/libsql-database.ts';

const sqlite = (code: string): Error => Object.assign(new Error('database or disk'), { code });
const fault = (error: Error, freeBytes = 1e9) => openFault('/data/coordinator.db', error, () => freeBytes).problem;

t.test('openFault: only what SQLite calls damaged is, and nobody is told to move a good database away', (t) => {
  for (const code of ['SQLITE_CORRUPT', 'SQLITE_NOTADB'])
    t.match(fault(sqlite(code)), { code: 'STATE_FILE_INVALID', hint: /Put back a copy/ });
  const full = { code: 'NO_SPACE', message: /the disk is full/, hint: /not damaged/ };
  t.match(fault(sqlite('SQLITE_FULL')), full);
  t.match(fault(sqlite('ENOSPC')), full);
  t.match(fault(sqlite('SQLITE_IOERR_SHMSIZE'), 0), full);
  t.match(fault(sqlite('SQLITE_BUSY')), { code: 'STORE_UNAVAILABLE', message: /another program has locked it/ });
  const other = fault(new Error('ConnectionFailed(14)'));
  t.match(other, { code: 'STORE_UNAVAILABLE', message: /ConnectionFailed/, hint: /permissions/ });
  t.notMatch(other.hint, /move it away/);
  t.end();
});
