import { decode, encode, type DecodedPacket, type Packet } from 'dns-packet';
import t from 'tap';
import { answerQuery, askedLabel, UPSTREAM_ZONE } from '../../../../agent/ingress/dns-answer.ts';
import { encodeReply } from '../../../../agent/ingress/dns-wire.ts';
import { LONGEST_ANSWER } from '../../../../agent/ingress/weighted-addresses.ts';

const NAME = `web.${UPSTREAM_ZONE}`;
const answers = new Map([
  ['web', ['10.0.0.2', '10.0.0.2', '10.0.0.3']],
  ['gone', []],
]);

const query = (name: string, type: 'A' | 'AAAA' | 'TXT' = 'A', more: Partial<Packet> = {}): DecodedPacket =>
  decode(encode({ type: 'query', id: 7, flags: 1 << 8, questions: [{ type, name }], ...more }));

/** As it arrives at Caddy. */
const reply = (asked: DecodedPacket, known: ReadonlyMap<string, readonly string[]> | null = answers): DecodedPacket =>
  decode(Buffer.from(encodeReply(answerQuery(asked, known))));

const rcode = (packet: DecodedPacket): number => (packet.flags ?? 0) & 0xf;

t.test('answerQuery: addresses in their order, with repetitions, never kept', (t) => {
  const packet = reply(query(NAME));

  t.match(packet, { id: 7, type: 'response', flag_aa: true, flag_rd: true, questions: [{ name: NAME }] });
  t.same(
    packet.answers?.map((answer) => (answer.type === 'A' ? [answer.data, answer.ttl] : null)),
    [
      ['10.0.0.2', 0],
      ['10.0.0.2', 0],
      ['10.0.0.3', 0],
    ],
  );
  t.end();
});

t.test('answerQuery: names are not told apart by case', (t) => {
  t.equal(reply(query(NAME.toUpperCase())).answers?.length, 3);
  t.end();
});

t.test('answerQuery: every epoch of a name has the same answer', (t) => {
  t.equal(reply(query(`00000zzzz.${NAME}`)).answers?.length, 3);
  t.end();
});

t.test('answerQuery: there is a name but no IPv6 address', (t) => {
  const packet = reply(query(NAME, 'AAAA'));

  t.equal(rcode(packet), 0);
  t.same(packet.answers, []);
  t.end();
});

t.test('answerQuery: unknown names and names without an address do not exist', (t) => {
  for (const name of [
    `no.${UPSTREAM_ZONE}`,
    `gone.${UPSTREAM_ZONE}`,
    `a.b.web.${UPSTREAM_ZONE}`,
    UPSTREAM_ZONE,
    'example.com',
  ])
    t.equal(rcode(reply(query(name))), 3, name);
  t.end();
});

t.test('answerQuery: before the first publication it does not know', (t) => {
  t.equal(rcode(reply(query(NAME), null)), 2);
  t.end();
});

t.test('answerQuery: refuses what is no single standard question', (t) => {
  t.equal(rcode(reply(query(NAME, 'A', { flags: 2 << 11 }))), 4);
  t.equal(rcode(reply(query(NAME, 'A', { questions: [] }))), 1);
  t.end();
});

t.test('answerQuery: the longest answer fits what Go takes by UDP', (t) => {
  const most = new Map([['web', Array.from({ length: LONGEST_ANSWER }, (_, n) => `10.0.0.${n}`)]]);

  const bytes = encodeReply(answerQuery(query(NAME), most));
  t.ok(bytes.length <= 1_232);
  t.equal(decode(Buffer.from(bytes)).answers?.length, LONGEST_ANSWER);
  t.end();
});

t.test('askedLabel: is null for what is not ours', (t) => {
  t.equal(askedLabel(query(NAME)), 'web');
  t.equal(askedLabel(query('example.com')), null);
  t.end();
});
