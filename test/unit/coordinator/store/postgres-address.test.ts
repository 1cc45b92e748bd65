import t from 'tap';
import { parsePostgresUrl, publicName } from '../../../../coordinator/store/postgres-address.ts';

const addressOf = (text: string) => {
  const parsed = parsePostgresUrl(text);
  return parsed.kind === 'address' ? parsed : parsed.problems;
};

t.test('postgres address: what stands in it, and what it leaves out', (t) => {
  t.match(addressOf('postgres://ada:p%40@db.example.com:6432/ship\n'), {
    address: {
      host: 'db.example.com',
      port: 6432,
      database: 'ship',
      user: 'ada',
      password: 'p@',
      tls: { kind: 'host' },
    },
  });
  t.match(addressOf('postgresql://ada@127.0.0.1'), {
    address: { port: 5432, database: 'ada', password: null, tls: { kind: 'none' } },
  });
  t.match(addressOf('postgres://ada:100%@[::1]/x'), { address: { host: '::1', password: '100%' } });
  t.match(addressOf('postgres:///ship?host=/run/postgresql&user=ada'), {
    address: { host: '/run/postgresql', database: 'ship', user: 'ada', tls: { kind: 'none' } },
  });
  t.match(addressOf('postgres://ada@%2Frun%2Fpostgresql/ship'), { address: { host: '/run/postgresql' } });
  t.end();
});

t.test('postgres address: to another machine it is encrypted and checked unless it says otherwise', (t) => {
  const tls = (options: string): unknown => {
    const parsed = addressOf(`postgres://ada@db/ship${options}`);
    return 'address' in parsed ? [parsed.address.tls.kind, parsed.rootFile] : parsed;
  };
  t.same(tls(''), ['host', null]);
  t.same(tls('?sslmode=verify-full&sslrootcert=/r.pem'), ['host', '/r.pem']);
  t.same(tls('?sslmode=verify-ca'), ['root', null]);
  t.same(tls('?sslmode=require'), ['encrypted', null]);
  t.same(tls('?sslmode=require&sslrootcert=/r.pem'), ['root', '/r.pem']);
  t.same(tls('?sslmode=disable'), ['none', null]);
  t.same(tls('?sslmode=prefer'), ['has an sslmode other than disable, require, verify-ca, verify-full']);
  t.end();
});

t.test('postgres address: mistakes are told together, and never with what may be the password', (t) => {
  t.same(addressOf('postgres://:swordfish@/ship'), [
    'is not an address of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  ]);
  t.same(addressOf('swordfish'), ['is not an address of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE']);
  t.same(addressOf('postgres:///ship?password=swordfish&shape=round&port=0&sslrootcert=r.pem'), [
    'has a setting that is unknown here: "shape"',
    'names no host',
    'names no user',
    'has an invalid port',
    'has an sslrootcert that is not an absolute path',
  ]);
  t.end();
});

t.test('postgres address: people see where it is, and nothing else', (t) => {
  const name = (text: string): string => {
    const parsed = parsePostgresUrl(text);
    return parsed.kind === 'address' ? publicName(parsed.address) : '';
  };
  t.equal(name('postgres://ada:swordfish@db/ship'), 'ship at db:5432');
  t.equal(name('postgres://ada:swordfish@[::1]/ship'), 'ship at [::1]:5432');
  t.equal(name('postgres://ada@%2Frun/ship'), 'ship at /run');
  t.end();
});
