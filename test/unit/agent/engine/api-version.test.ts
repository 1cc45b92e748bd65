import t from 'tap';
import {
  compareApiVersions,
  featuresOf,
  negotiateApiVersion,
  NEWEST_TESTED,
} from '../../../../agent/engine/api-version.ts';

t.test("negotiateApiVersion: the smaller of the newest tested and the server's", (t) => {
  t.equal(negotiateApiVersion('1.41'), '1.41', 'Engine 20.10');
  t.equal(negotiateApiVersion(NEWEST_TESTED), NEWEST_TESTED);
  t.equal(negotiateApiVersion('1.99'), NEWEST_TESTED, 'a newer engine is spoken to as far as we know it');
  t.end();
});

t.test('negotiateApiVersion: what is too old or says nothing is refused', (t) => {
  for (const server of ['1.40', '1.9', '', 'new', null]) t.equal(negotiateApiVersion(server), null);
  t.end();
});

t.test('negotiateApiVersion: what is spoken is accepted by Engine 29, which ended all before 1.44', (t) => {
  t.ok(compareApiVersions(NEWEST_TESTED, '1.44') >= 0);
  t.end();
});

t.test('compareApiVersions: by number', (t) => {
  t.ok(compareApiVersions('1.9', '1.41') < 0);
  t.ok(compareApiVersions('2.0', '1.52') > 0);
  t.equal(compareApiVersions('1.44', '1.44'), 0);
  t.end();
});

t.test('featuresOf: a quick health check at start came with 1.44', (t) => {
  t.same(featuresOf('1.43'), { startInterval: false });
  t.same(featuresOf('1.44'), { startInterval: true });
  t.end();
});
