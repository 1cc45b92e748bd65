import t from 'tap';
import { audienceOf } from '../../../protocol/audience.ts';

t.test('audienceOf: one spelling for every way to write an address', (t) => {
  const table: readonly (readonly [string, string | null])[] = [
    ['wss://Ship.Example.COM', 'wss://ship.example.com'],
    ['wss://ship.example.com:443/', 'wss://ship.example.com'],
    ['https://ship.example.com:8443/v1/agent?x=1', 'wss://ship.example.com:8443'],
    ['http://127.0.0.1:80', 'ws://127.0.0.1'],
    ['ws://[::1]:7400', 'ws://[::1]:7400'],
    ['ftp://a', null],
    ['ship.example.com', null],
    ['', null],
  ];
  for (const [url, audience] of table) t.equal(audienceOf(url), audience, url);
  t.end();
});

t.test('audienceOf: encrypted and unencrypted are two audiences', (t) => {
  t.not(audienceOf('https://a'), audienceOf('http://a'));
  t.end();
});
