import t from 'tap';
import { proxyFor } from '../../../daemon/proxy-for.ts';

const secure = 'http://gateway.test:3128';

function chosen(target: string, variables: Readonly<Record<string, string>>): string {
  const choice = proxyFor(new URL(target), variables);
  return choice.kind === 'proxy' ? choice.url.href : choice.kind;
}

t.test('proxyFor: by the scheme of the target, also in lower case and without a scheme of its own', (t) => {
  const both = { HTTPS_PROXY: secure, http_proxy: 'plain.test:8080' };
  t.equal(chosen('https://images.test/v2/', both), 'http://gateway.test:3128/');
  t.equal(chosen('wss://coordinator.test', both), 'http://gateway.test:3128/');
  t.equal(chosen('http://images.test:5000/v2/', both), 'http://plain.test:8080/');
  t.equal(chosen('ws://coordinator.test', { HTTPS_PROXY: secure }), 'direct');
  t.equal(chosen('https://images.test', { HTTPS_PROXY: '' }), 'direct');
  t.end();
});

t.test('proxyFor: never for this machine and for the metadata server', (t) => {
  for (const host of [
    'localhost:5000',
    'x.localhost',
    '127.0.0.1:5000',
    '127.1.2.3',
    '[::1]:5000',
    '169.254.169.254',
    'metadata.google.internal',
  ])
    for (const scheme of ['http', 'https'])
      t.equal(chosen(`${scheme}://${host}/`, { HTTPS_PROXY: secure, HTTP_PROXY: secure }), 'direct', host);
  t.end();
});

t.test('proxyFor: NO_PROXY names hosts, domains, addresses, ranges and ports', (t) => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*', 'https://images.test', true],
    ['images.test', 'https://images.test', true],
    ['images.test', 'https://eu.images.test', true],
    ['images.test', 'https://myimages.test', false],
    ['.images.test, other', 'https://eu.images.test', true],
    ['*.images.test', 'https://eu.images.test', true],
    ['IMAGES.test', 'https://images.TEST', true],
    ['images.test:5000', 'https://images.test:5000', true],
    ['images.test:5000', 'https://images.test', false],
    ['images.test:443', 'https://images.test', true],
    ['10.0.0.0/8', 'https://10.20.30.40:5000', true],
    ['10.0.0.0/8', 'https://11.0.0.1', false],
    ['10.0.0.0/99', 'https://10.0.0.1', false],
    ['10.0.0.1', 'https://10.0.0.1', true],
    ['0.0.1', 'https://10.0.0.1', false],
    ['fd00::/8', 'https://[fd00::5]:5000', true],
    ['fd00::5', 'https://[fd00::5]', true],
    [' , ', 'https://images.test', false],
  ];
  for (const [noProxy, target, isDirect] of cases)
    t.equal(
      chosen(target, { HTTPS_PROXY: secure, NO_PROXY: noProxy }) === 'direct',
      isDirect,
      `${noProxy} and ${target}`,
    );
  t.end();
});

t.test('proxyFor: what is no proxy is not repeated, as it may hold a password', (t) => {
  for (const value of ['socks5://ada:secret@proxy.test', 'http://ada:secret@', 'http://ada:secret@ho st'])
    t.same(proxyFor(new URL('https://images.test'), { HTTPS_PROXY: value }), {
      kind: 'invalid',
      reason: 'HTTPS_PROXY is not the URL of an HTTP proxy',
    });
  t.end();
});
