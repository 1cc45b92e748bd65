// Shares and answers of the ingress over random groups and publications.
import t from 'tap';
import { answerTable, EMPTY_TABLE, nextDeadlineMs, SINKHOLE } from '../../agent/ingress/answer-table.ts';
import { routeGroups } from '../../agent/ingress/route-groups.ts';
import { interleave, LONGEST_ANSWER, weightedAddresses } from '../../agent/ingress/weighted-addresses.ts';
import type { AppName } from '../../fleet/ids.ts';
import { between, pick, seededRandom, seeds, type Random } from '../support/random.ts';

t.test('weightedAddresses: every address that has a share is in it, and shares are near what was asked', (t) => {
  for (const seed of seeds(300)) {
    const random = seededRandom(seed);
    const members = Array.from({ length: between(random, 1, 4) }, (_, member) => ({
      weight: between(random, 1, 10),
      addresses: Array.from({ length: between(random, 0, 4) }, (_, n) => `${member}.${n}`),
    }));
    const lists = weightedAddresses(members);
    const total = lists.flat().length;
    const weights = members.reduce((sum, { weight, addresses }) => sum + (addresses.length > 0 ? weight : 0), 0);

    t.ok(total <= LONGEST_ANSWER, `seed ${seed}: ${total} addresses`);
    for (const [index, { weight, addresses }] of members.entries()) {
      const list = lists[index] ?? [];
      const wrong = addresses.filter((address) => !list.includes(address));
      if (wrong.length > 0) t.fail(`seed ${seed}: ${wrong.join()} is missing`);
      // 4 services of 4 replicas and weights to 10 cannot be exact in 60 places.
      const error = addresses.length === 0 ? 0 : Math.abs(list.length / total - weight / weights);
      if (error > 0.07) t.fail(`seed ${seed}: share is off by ${error}`);
    }
  }
  t.end();
});

t.test('interleave: the same addresses, and no stretch of the turn is far from the shares', (t) => {
  for (const seed of seeds(300)) {
    const random = seededRandom(seed);
    const addresses = Array.from({ length: between(random, 1, 4) }, (_, n) =>
      Array.from({ length: between(random, 1, 9) }, () => `a${n}`),
    ).flat();
    const turn = interleave(addresses);

    t.same([...turn].sort(), [...addresses].sort(), `seed ${seed}`);
    for (const address of new Set(addresses)) {
      const share = addresses.filter((other) => other === address).length / addresses.length;
      let seen = 0;
      for (const [at, other] of turn.entries()) {
        if (other === address) seen++;
        if (Math.abs(seen - share * (at + 1)) >= 2) t.fail(`seed ${seed}: ${address} at ${at}`);
      }
    }
  }
  t.end();
});

t.test(
  'answerTable: whatever is published when, only live addresses are answered and nothing is held for ever',
  (t) => {
    for (const seed of seeds(200)) {
      const random = seededRandom(seed);
      const groups = routeGroups(randomApps(random));
      const services = [...new Set(groups.flatMap(({ sources }) => sources.flatMap(({ members }) => members)))].map(
        ({ service }) => service,
      );
      let table = EMPTY_TABLE;
      for (let nowMs = 0; nowMs < 20_000; nowMs += between(random, 1, 2_000)) {
        const upstreams = Object.fromEntries(
          services.map((service) => [
            service,
            Array.from({ length: between(random, 0, 2) }, (_, n) => `${service}#${n}`),
          ]),
        );
        table = answerTable({ groups, upstreams, previous: table, nowMs, holdMs: 1_000 });

        for (const group of groups) {
          const own = group.sources.flatMap(({ members }) =>
            members.flatMap(({ service }) => upstreams[service] ?? []),
          );
          const answered = group.sources.flatMap(({ label }) => table.answers.get(label) ?? []);
          const state = table.states.get(group.key)?.kind;
          const want = own.length > 0 ? 'live' : state;
          if (state !== want) t.fail(`seed ${seed}: ${group.host}${group.path} is ${state}`);
          if (state === 'live' && !own.every((address) => answered.includes(address)))
            t.fail(`seed ${seed}: not all of ${own.join()} in ${answered.join()}`);
          if (answered.some((address) => address !== SINKHOLE && !own.includes(address)))
            t.fail(`seed ${seed}: ${answered.join()} holds what is not published`);
          if (state === 'held' && answered.length > 0) t.fail(`seed ${seed}: a held group has an address`);
        }
        const deadlineMs = nextDeadlineMs(table);
        if (deadlineMs !== null && deadlineMs > nowMs + 1_000) t.fail(`seed ${seed}: held until ${deadlineMs}`);
      }
      t.pass(`seed ${seed}`);
    }
    t.end();
  },
);

function randomApps(random: Random): Parameters<typeof routeGroups>[0] {
  return Array.from({ length: between(random, 1, 3) }, (_, app) => ({
    app: `app${app}` as AppName,
    graceMs: 0,
    services: Array.from({ length: between(random, 1, 3) }, (_, service) => ({
      service: `s${service}`,
      addresses: [],
      routes: [
        {
          host: pick(random, ['a.test', 'b.test', '*']),
          path: pick(random, ['/', '/api', '/api/v2']),
          port: pick(random, [80, 81]),
          tls: 'off' as const,
          weight: between(random, 1, 9),
          stripPrefix: false,
        },
      ],
    })),
  }));
}
