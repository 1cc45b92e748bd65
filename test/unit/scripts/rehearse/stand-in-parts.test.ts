// The stand-in's small decisions: addresses and links of Compute Engine, sums and parts of uploads, names, merges.
import packet from 'dns-packet';
import t from 'tap';
import { freeInternalAddress, freePublicAddress } from '../../../../scripts/rehearse/cloud/compute/addresses.ts';
import { linkPath, parseComputePath } from '../../../../scripts/rehearse/cloud/compute/compute-path.ts';
import { mergePatch, withoutEmpty } from '../../../../scripts/rehearse/cloud/json.ts';
import { asJson } from '../../../../scripts/rehearse/cloud/metadata/metadata-tree.ts';
import { answerQuestion } from '../../../../scripts/rehearse/cloud/name-server.ts';
import { Crc32c } from '../../../../scripts/rehearse/cloud/storage/crc32c.ts';
import { splitMultipart } from '../../../../scripts/rehearse/cloud/storage/multipart.ts';

t.test('crc32c: the check value of the standard, in pieces as well', (t) => {
  const standard = Buffer.alloc(4);
  standard.writeUInt32BE(0xe3069283);
  t.equal(new Crc32c().update(Buffer.from('123456789')).base64(), standard.toString('base64'));
  t.equal(new Crc32c().update(Buffer.from('1234')).update(Buffer.from('56789')).base64(), standard.toString('base64'));
  t.end();
});

t.test('compute paths: every spelling of a link is one path; other texts are none', (t) => {
  const path = 'projects/p/global/networks/n';
  for (const link of [
    path,
    `https://www.googleapis.com/compute/v1/${path}`,
    `https://compute.googleapis.com/compute/v1/${path}?uniqueId=7`,
  ])
    t.equal(linkPath(link), path);
  t.equal(linkPath('projects/p/secrets/s'), undefined);
  t.equal(linkPath('#!/bin/sh\nprojects/p/global/networks/n'), undefined);
  t.match(parseComputePath('projects/p/zones/z/instances/i/setLabels', ''), {
    scope: 'zones/z',
    collection: 'instances',
    name: 'i',
    verb: 'setLabels',
  });
  t.throws(() => parseComputePath('projects/p/somewhere', 'GET it'), /GET it/);
  t.end();
});

t.test('addresses: the first free one, beside those that Google keeps for itself', (t) => {
  t.equal(freeInternalAddress('10.0.0.0/29', new Set(['10.0.0.2'])), '10.0.0.3');
  t.equal(freeInternalAddress('10.0.0.0/30', new Set()), undefined);
  t.equal(freePublicAddress('127.77.3', new Set(['127.77.3.2'])), '127.77.3.3');
  t.end();
});

t.test('merge of a PATCH: objects merge, lists are replaced, null takes away; empty things are not kept', (t) => {
  t.same(mergePatch({ a: { b: 1, c: 2 }, d: [1], e: 5 }, { a: { b: 3 }, d: [2], e: null }), {
    a: { b: 3, c: 2 },
    d: [2],
  });
  t.same(withoutEmpty({ a: null, b: [], c: { d: null, e: 1 } }), { c: { e: 1 } });
  t.end();
});

t.test('multipart upload: its name and its bytes, whatever these are', (t) => {
  const content = Buffer.from([0, 13, 10, 13, 10, 255, 45, 45]);
  const body = Buffer.concat([
    Buffer.from('--b\r\nContent-Type: application/json\r\n\r\n{"name":"o"}\r\n--b\r\nContent-Type: text/x\r\n\r\n'),
    content,
    Buffer.from('\r\n--b--'),
  ]);
  const parts = splitMultipart({ 'content-type': 'multipart/related; boundary=b' }, body);
  t.same(parts.resource, { name: 'o' });
  t.equal(parts.contentType, 'text/x');
  t.ok(parts.content.equals(content));
  t.throws(() => splitMultipart({ 'content-type': 'multipart/related' }, body), /boundary/);
  t.end();
});

t.test('resolver: names that it knows have an address, the others do not exist', (t) => {
  const ask = (name: string, type: 'A' | 'AAAA'): packet.DecodedPacket => {
    const question = packet.encode({ type: 'query', id: 9, questions: [{ type, name }] });
    return packet.decode(
      answerQuestion(question, (one) => (one === 'x.googleapis.com' ? ['10.0.0.9'] : [])) ?? Buffer.alloc(0),
    );
  };
  const known = ask('X.googleapis.com', 'A');
  t.equal(known.id, 9);
  t.match(known.answers, [{ data: '10.0.0.9' }]);
  t.match(ask('x.googleapis.com', 'AAAA'), { rcode: 'NOERROR', answers: [] });
  t.match(ask('example.com', 'A'), { rcode: 'NXDOMAIN', answers: [] });
  t.end();
});

t.test('metadata as one document: words of Google in its spelling, names of people as they are', (t) => {
  t.same(
    asJson({
      instance: {
        attributes: { 'my-key': 'v' },
        'machine-type': 'm',
        'network-interfaces': { '0': { ip: 'i', 'access-configs': {} } },
        'service-accounts': { 'a-b@c': { email: 'a-b@c' } },
      },
    }),
    {
      instance: {
        attributes: { 'my-key': 'v' },
        machineType: 'm',
        networkInterfaces: [{ ip: 'i', accessConfigs: [] }],
        serviceAccounts: { 'a-b@c': { email: 'a-b@c' } },
      },
    },
  );
  t.end();
});
