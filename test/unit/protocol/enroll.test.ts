import t from 'tap';
import { enrollRequestSchema } from '../../../protocol/enroll.ts';
import { enrollRequestOf, fakeIdentity } from '../../support/fake-identity.ts';

const takes = (fields: object): boolean => {
  const request = enrollRequestOf(fakeIdentity(), { token: 't', audience: 'wss://a.test', name: 'a' });
  return enrollRequestSchema.safeParse({ ...request, ...fields }).success;
};
const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, 'x']));

t.test('enrolment: name, labels and platform are bounded, and lines of text', (t) => {
  const former = {
    host: `h-${'1'.repeat(16)}`,
    adopt: false,
    apps: ['web'],
    containers: 0,
    volumes: 1,
    ingress: false,
  };
  for (const fields of [
    {},
    { name: 'a'.repeat(63) },
    { labels: labels(64) },
    { labels: { ['k'.repeat(63)]: 'v'.repeat(255), zone: 'Zürich 1' } },
    { former },
  ])
    t.equal(takes(fields), true, JSON.stringify(fields).slice(0, 60));
  for (const fields of [
    { name: 'a'.repeat(64) },
    { name: 'a\nb' },
    { name: 'a b' },
    { name: `h-${'1'.repeat(16)}` },
    { name: 'a\u001b[2J' },
    { labels: labels(65) },
    { labels: { ['k'.repeat(64)]: 'v' } },
    { labels: { zone: 'v'.repeat(256) } },
    { labels: { zone: 'a\u0000' } },
    { labels: { 'zo\rne': 'a' } },
    { labels: { zone: '\u202ea' } },
    { platform: 'linux\n' },
    { former: { ...former, apps: ['web\u009b'] } },
  ])
    t.equal(takes(fields), false, JSON.stringify(fields).slice(0, 60));
  t.end();
});
