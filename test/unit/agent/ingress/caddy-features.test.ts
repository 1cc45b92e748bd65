import t from 'tap';
import { ALL_FEATURES, withoutRefused } from '../../../../agent/ingress/caddy-features.ts';

/** As Caddy 2.6.2 says it, JSON in JSON. */
const REFUSAL = String.raw`{"error":"loading new config: loading http app module: provision http: server http: setting up route handlers: route 3: loading handler modules: position 0: loading module 'subroute': provision http.handlers.subroute: setting up subroutes: route 0: loading handler modules: position 0: loading module 'reverse_proxy': decoding module config: http.handlers.reverse_proxy: json: unknown field \"stream_close_delay\""}`;

t.test('withoutRefused: leaves out the feature that the answer names', (t) => {
  t.same([...(withoutRefused(ALL_FEATURES, REFUSAL) ?? [])], ['ipVersions']);
  t.end();
});

t.test('withoutRefused: another complaint is not about features', (t) => {
  t.equal(withoutRefused(ALL_FEATURES, '{"error":"listen tcp :80: bind: permission denied"}'), null);
  t.equal(withoutRefused(ALL_FEATURES, String.raw`{"error":"json: unknown field \"streams\""}`), null);
  t.equal(withoutRefused(new Set(), REFUSAL), null, 'a feature that was not used cannot be refused');
  t.end();
});
