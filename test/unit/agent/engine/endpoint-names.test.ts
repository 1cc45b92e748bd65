import t from 'tap';
import { namesOfEndpoint } from '../../../../agent/engine/endpoint-names.ts';

t.test("namesOfEndpoint: only the container's own short id is Docker's addition", (t) => {
  const engineId = '0123456789ab'.padEnd(64, 'c');

  const names = namesOfEndpoint({ Aliases: ['0123456789ab', 'deadbeefcafe', 'web'], Links: null }, engineId);

  t.same(names, { aliases: ['deadbeefcafe', 'web'], links: {} });
  t.end();
});
