import t from 'tap';
import {
  isSameCoordinator,
  parseCoordinatorUrl,
  parseCoordinatorUrls,
  urlBelow,
} from '../../../cli/coordinator-url.ts';
import { refusal } from '../../support/refusal.ts';

const parse = (text: string): string => parseCoordinatorUrl(text, 'log in', 'INPUT_INVALID');

t.test('parseCoordinatorUrl: http and https, with a prefix where there is one', (t) => {
  t.equal(parse('https://longshore.example.com'), 'https://longshore.example.com');
  t.equal(parse('http://10.0.0.5:7070/'), 'http://10.0.0.5:7070');
  t.equal(parse('https://tools.example.com/longshore/'), 'https://tools.example.com/longshore');
  for (const text of [
    '',
    'longshore.example.com',
    'ftp://x',
    'http//x',
    'https://x/?token=s3cret',
    'https://x/#s3cret',
  ])
    t.throws(() => parse(text), refusal('INPUT_INVALID', /^log in: /), text);
  t.end();
});

t.test('parseCoordinatorUrls: several, apart by commas, each of which must be one', (t) => {
  const all = (text: string): readonly string[] => parseCoordinatorUrls(text, 'log in', 'INPUT_INVALID');
  t.same(all('https://a.example'), ['https://a.example']);
  t.same(all('https://a.example/, http://b.example:7070'), ['https://a.example', 'http://b.example:7070']);
  for (const text of [
    'https://a.example,',
    ',https://a.example',
    'https://a.example,b',
    'https://a'.concat(',https://a'.repeat(8)),
  ])
    t.throws(() => all(text), refusal('INPUT_INVALID', /^log in: /), text);
  t.end();
});

t.test('parseCoordinatorUrl: repeats no password, whatever else is wrong', (t) => {
  const login = 'ada:s3cret';
  for (const text of [
    `https://${login}@longshore.example.com`,
    'https://s3cret@longshore.example.com',
    `ftp://${login}@longshore.example.com`,
    `${login}@longshore.example.com`,
    `https://${login.replace('3c', '3/c#')}@longshore.example.com`,
    'https://longshore.example.com/?token=s3cret',
  ]) {
    t.throws(() => parse(text), refusal('INPUT_INVALID', /^(?!.*(s3|cret)).*longshore\.example\.com/), text);
  }
  t.end();
});

t.test('urlBelow: keeps the prefix of a coordinator behind a proxy', (t) => {
  t.equal(
    urlBelow('https://tools.example.com/longshore', '/v1/hosts').href,
    'https://tools.example.com/longshore/v1/hosts',
  );
  t.equal(urlBelow('https://tools.example.com/', '/v1/hosts').href, 'https://tools.example.com/v1/hosts');
  t.end();
});

t.test('isSameCoordinator: by origin and prefix', (t) => {
  t.ok(isSameCoordinator('https://x.example/', 'https://X.example'));
  t.notOk(isSameCoordinator('https://x.example/a', 'https://x.example/b'));
  t.notOk(isSameCoordinator('https://x.example', 'http://x.example'));
  t.end();
});
