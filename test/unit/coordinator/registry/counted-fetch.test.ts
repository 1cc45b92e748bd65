import t from 'tap';
import { countedFetch } from '../../../../coordinator/registry/counted-fetch.ts';

t.test('countedFetch: how each question to a registry ended', async (t) => {
  const counted: string[] = [];
  let status = 200;
  const ask = countedFetch(
    () => (status === 0 ? Promise.reject(new Error('no route')) : Promise.resolve(new Response(null, { status }))),
    (result) => counted.push(result),
  );
  const login = { headers: { authorization: 'Bearer x' } };
  for (status of [200, 307, 401]) await ask('https://images.test/');
  t.same(counted.splice(0), ['answered', 'answered', 'answered'], 'a registry that wants a login says so first');
  for (status of [401, 403, 404, 429, 503]) await ask('https://images.test/', login);
  t.same(counted.splice(0), ['refused', 'refused', 'refused', 'refused', 'failed']);
  status = 0;
  await t.rejects(ask('https://images.test/'), { message: 'no route' });
  t.same(counted, ['failed']);
});
