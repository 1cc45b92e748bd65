import t from 'tap';
import { parseRequests } from '../../../../agent/ingress/caddy-admin.ts';

t.test('parseRequests: counts by address', (t) => {
  const body =
    '[{"address":"10.0.0.2:80","num_requests":2,"fails":0},{"address":"unix//x","num_requests":0,"fails":0}]';

  t.same(
    [...(parseRequests(body) ?? [])],
    [
      ['10.0.0.2:80', 2],
      ['unix//x', 0],
    ],
  );
  t.same([...(parseRequests('null') ?? [])], []);
  t.end();
});

t.test('parseRequests: an answer of another form is no count', (t) => {
  for (const body of ['', '[{"address":1,"num_requests":2}]', '[{"address":"a"}]', '[null]'])
    t.equal(parseRequests(body), null, body);
  t.end();
});
