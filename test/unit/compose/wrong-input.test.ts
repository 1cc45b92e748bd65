/** Every kind of mistake that the first days bring, with the place and the words that the user gets. */
import t from 'tap';
import { mistakesOf, shown, webFile } from '../../support/app-file.ts';

type Case = readonly [title: string, text: string, expected: readonly (string | RegExp)[]];

const service: readonly Case[] = [
  ['an unknown key', webFile('imagee: x'), ['services.web.imagee 4:5 unknown key "imagee" (did you mean "image"?)']],
  ['a key from far away', webFile('zebra: x'), ['services.web.zebra 4:5 unknown key "zebra"']],
  ['a key that is not done', webFile('runtime: x'), ['services.web.runtime 4:5 "runtime" is not done yet']],
  ['a wrong type: map', webFile('ports: {a: 1}'), ['services.web.ports 4:12 takes a list; this is a map']],
  [
    'a wrong type: text',
    webFile('privileged: very'),
    ['services.web.privileged 4:17 takes true or false; this is "very"'],
  ],
  ['a number for a truth value', webFile('init: 1'), ['services.web.init 4:11 takes true or false; this is 1']],
  ['no number from a variable', webFile('scale: ${N:-}'), [/^services\.web\.scale 4:12 takes a whole.*this is ""$/]],
  ['no size from a variable', webFile('mem_limit: ${N:-}'), [/^services\.web\.mem_limit 4:16 takes a size.*is ""$/]],
  ['another base than ten in a text', webFile('pids_limit: "0x10"'), [/takes a whole number.*this is "0x10"$/]],
  ['a label without a name', webFile('labels: ["${N:-}"]'), [/the name of a label is missing/]],
  [
    'a wrong number',
    webFile('deploy: {replicas: -1}'),
    [/^services\.web\.deploy\.replicas 4:24 takes a whole number from 0/],
  ],
  ['a fraction of an instance', webFile('deploy: {replicas: 1.5}'), [/4:24 takes a whole number/]],
  ['a duration without a unit', webFile('stop_grace_period: 10'), [/4:24 takes a duration with its unit.*this is 10$/]],
  ['a bad size', webFile('shm_size: lots'), [/4:15 takes a size/]],
  ['a memory limit that Docker refuses', webFile('mem_limit: 1m'), [/4:5 Docker takes no memory limit below 6m/]],
  ['a bad port', webFile('ports: ["80:http"]'), [/^services\.web\.ports\[0\] 4:13 takes \[IP:\]\[HOST:\]CONTAINER/]],
  ['a port out of range', webFile('ports: [70000]'), [/4:13 takes \[IP:\]/]],
  ['a protocol', webFile('ports: ["80/sctp"]'), [/takes the protocols tcp and udp; this is "sctp"/]],
  ['ranges of two lengths', webFile('ports: ["80-81:80-82"]'), [/2 host ports cannot go to 3 container ports/]],
  ['a host range for one port', webFile('ports: ["80-81:80"]'), [/range of host ports for one port is not done yet/]],
  [
    'a relative bind mount',
    webFile('volumes: ["./a:/b"]'),
    [/^services\.web\.volumes\[0\] 4:15 "\.\/a" is a path on your machine/],
  ],
  ['an anonymous volume', webFile('volumes: [/data]'), [/without a name.*"data:\/data"/]],
  [
    'an undeclared volume',
    webFile('volumes: ["date:/x"]', 'volumes: {data: }'),
    [/^services\.web\.volumes\[0\] 4:15 the volume "date" is not declared under "volumes" \(did you mean "data"\?\)/],
  ],
  ['a relative target', webFile('tmpfs: run'), [/^services\.web\.tmpfs\[0\] .*"run" is not an absolute path/]],
  ['one target twice', webFile('tmpfs: [/run, /run]'), [/\/run is taken already, by volumes\[0\]/]],
  [
    'an undeclared secret',
    webFile('secrets: [a]'),
    [/^services\.web\.secrets\[0\] 4:15 the secret "a" is not declared/],
  ],
  ['an undeclared config', webFile('configs: [a]'), [/the config "a" is not declared under "configs"/]],
  ['a name of every object', webFile('environment: [__proto__=1]'), [/"__proto__" cannot be a name/]],
  ['a key of every object', webFile('labels: {__proto__: x}'), [/"__proto__" cannot be a name/]],
  [
    'a secret with a reserved name',
    webFile('secrets: [a]', 'secrets: {a: {external: true, name: constructor}}'),
    [/^secrets\.a\.name .*"constructor" is a name that JavaScript reserves/],
  ],
  [
    'a volume with a reserved name',
    webFile('volumes: ["valueOf:/x"]', 'volumes: {valueOf: }'),
    [/^volumes\.valueOf .*"valueOf" is a name that JavaScript reserves/],
  ],
  [
    'a service with a reserved name',
    'name: x\nservices:\n  toString: {image: a}\n',
    [/^services\.toString 3:\d+ "toString" is a name that JavaScript reserves/],
  ],
  [
    'a secret from a file',
    webFile('secrets: [a]', 'secrets: {a: {file: ./a}}'),
    [/^secrets\.a\.file .*longshore secrets set APP a.*external: true/],
  ],
  [
    'a secret without source',
    webFile('secrets: [a]', 'secrets: {a: }'),
    [/^secrets\.a 5:11 "external: true" is missing/],
  ],
  [
    'a second network',
    webFile('networks: [a, b]', 'networks: {a: , b: }'),
    [/second network \("b"\) is not done yet/, /^networks\.b .*second network/],
  ],
  ['an undeclared network', webFile('networks: [a]'), [/the network "a" is not declared/]],
  ['a network mode', webFile('network_mode: bridge'), [/network_mode: bridge is not done yet/]],
  [
    'ports with the host network',
    webFile('network_mode: host\nports: ["80"]'),
    [/the container has the ports of the host already/],
  ],
  [
    'start-first with a fixed port',
    webFile('ports: ["80:80"]\ndeploy: {update_config: {order: start-first}}'),
    [/^services\.web\.deploy\.update_config\.order 5:37 start-first needs old and new at once.*host port 80/],
  ],
  [
    'one host port twice',
    webFile('ports: ["80:80", "1000-1002:1000-1002", "1001:9"]'),
    [/^services\.web\.ports\[2\] 4:45 the host port 1001 is taken/],
  ],
  [
    'an image reference',
    'services:\n  web:\n    image: "my image"\n',
    [/^services\.web\.image 3:12 takes \[REGISTRY\/\]NAME/],
  ],
  ['an upper-case image', 'services:\n  web:\n    image: Web:1\n', [/lower-case/]],
  [
    'an image with a name that is upper-case before its first slash',
    'services:\n  web:\n    image: UPPER/x:1\n',
    [/^services\.web\.image 3:12 takes .*this is "UPPER\/x:1"; names of images are lower-case/],
  ],
  [
    'a duration that no timer waits',
    webFile('stop_grace_period: 1h99999999h'),
    [/^services\.web\.stop_grace_period \d+:\d+ takes at most 24d; this is "1h99999999h"/],
  ],
  ['no image', 'services:\n  web:\n    command: x\n', ['services.web 2:3 the "image" is missing']],
  [
    'build without image',
    'services:\n  web:\n    build: .\n',
    [/^services\.web\.build 3:5 an "image" is needed beside "build".*pins the pushed digest/],
  ],
  ['a health check in a wrong form', webFile('healthcheck: {test: [curl, x]}'), [/takes a text, \["CMD"/]],
  ['a health check twice', webFile('healthcheck: {test: a}\nx-longshore: {health: {tcp: 80}}'), [/said twice/]],
  ['an open quote', webFile(`command: 'sh -c "x'`), [/a quote is not closed/]],
  ['a restart policy', webFile('restart: sometimes'), [/takes no, always, unless-stopped/]],
  [
    'restart said twice',
    webFile('restart: always\ndeploy: {restart_policy: {condition: none}}'),
    [/^services\.web\.restart 4:5 says something else/],
  ],
  [
    'a constraint',
    webFile('deploy: {placement: {constraints: ["node.role == worker"]}}'),
    [/a constraint on node\.role is not done yet/],
  ],
  ['a constraint without operator', webFile('deploy: {placement: {constraints: [ssd]}}'), [/takes ATTRIBUTE == VALUE/]],
  ['global with a number', webFile('deploy: {mode: global, replicas: 2}'), [/takes no number/]],
  ['a file mode', webFile('secrets: [{source: a, mode: 9}]', 'secrets: {a: {external: true}}'), [/octal/]],
  [
    'our own labels',
    webFile('labels: {longshore.app: x}'),
    [/^services\.web\.labels\["longshore\.app"\] 4:29 labels that begin with/],
  ],
  ['a missing env_file', webFile('env_file: a.env'), [/4:15 there is no file a\.env; "required: false"/]],
  ['a ulimit', webFile('ulimits: {nofile: {soft: 5, hard: 4}}'), [/soft limit is above/]],
  ['logging without driver', webFile('logging: {options: {a: b}}'), [/"driver" is missing/]],
  ['an extra host', webFile('extra_hosts: [somehost]'), [/takes NAME:ADDRESS/]],
  ['pid of another service', webFile('pid: "service:x"'), [/is not done yet; host is/]],
];

const longshore: readonly Case[] = [
  [
    'an unknown key',
    webFile('x-longshore: {ingres: x}'),
    ['services.web.x-longshore.ingres 4:19 unknown key "ingres" (did you mean "ingress"?)'],
  ],
  [
    'a route without port',
    webFile('x-longshore: {ingress: {host: a.org}}'),
    [/the "port" of the container is missing/],
  ],
  ['a route in a wrong form', webFile('x-longshore: {ingress: a.org}'), [/HOST\[\/PATH\]:PORT in short/]],
  [
    'a host with a scheme',
    webFile('x-longshore: {ingress: {host: "http://a.org", port: 80}, health: {tcp: 80}}'),
    [/is not a host name/],
  ],
  [
    'a certificate for any host',
    webFile('x-longshore: {ingress: {host: "*", tls: auto, port: 80}, health: {tcp: 80}}'),
    [/certificate cannot be fetched for "\*"/],
  ],
  [
    'an own certificate for any host',
    webFile('x-longshore: {ingress: {tls: internal, port: 80}, health: {tcp: 80}}'),
    [/"tls: internal" needs a host name/],
  ],
  [
    'one route twice',
    webFile('x-longshore: {ingress: ["a.org:80", "a.org:81"], health: {tcp: 80}}'),
    [/^services\.web\.x-longshore\.ingress\[1\] 4:41 a\.org\/ is routed to this service twice/],
  ],
  [
    'two kinds of TLS',
    webFile(
      'x-longshore: {ingress: [{host: a.org, port: 80, tls: off}, {host: a.org, path: /b, port: 80}], health: {tcp: 80}}',
    ),
    [/one host has one kind/],
  ],
  [
    'a health path that no request can hold',
    webFile('x-longshore: {health: {http: {port: 80, path: "/hé alth"}}}'),
    [/^services\.web\.x-longshore\.health\.http\.path .*printable ASCII without spaces.*"%20"/],
  ],
  [
    'a health path in short',
    webFile('x-longshore: {health: {http: 80/hé}}'),
    [/takes \{port: 8080, path: \/healthz\}/],
  ],
  [
    'a health host that no request can hold',
    webFile('x-longshore: {health: {http: {port: 80, host: "bad host"}}}'),
    [/^services\.web\.x-longshore\.health\.http\.host .*printable ASCII/],
  ],
  ['two checks', webFile('x-longshore: {health: {tcp: 80, http: 80/x}}'), [/exactly one of "http", "tcp" and "exec"/]],
  [
    'a gate that cannot pass',
    webFile('x-longshore: {min_healthy_time: 10m}'),
    [/^services\.web\.x-longshore\.min_healthy_time 4:37 must be less than healthy_deadline \(10m and 5m\)/],
  ],
  [
    'a secret variable set twice',
    webFile('environment: {A: b}\nx-longshore: {secrets_env: {A: a}}', 'secrets: {a: {external: true}}'),
    [/variable A is set twice/],
  ],
  [
    'a wave that shrinks',
    webFile('init: true', 'x-longshore: {rollout: {waves: [5, 2]}}'),
    [/each is larger than the one before/],
  ],
  [
    'a wave',
    webFile('init: true', 'x-longshore: {rollout: {waves: [half]}}'),
    [/takes counts of hosts and percentages.*"half"/],
  ],
  [
    'an action',
    webFile('init: true', 'x-longshore: {rollout: {failure_action: rolback}}'),
    [
      /^x-longshore\.rollout\.failure_action 5:41 takes rollback, pause or continue; this is "rolback" \(did you mean "rollback"\?\)/,
    ],
  ],
  ['a time zone', webFile('init: true', 'x-longshore: {schedule: {timezone: Mars/Olympus}}'), [/IANA time zone/]],
  ['a date that never comes', webFile('init: true', 'x-longshore: {schedule: "0 0 30 2 *"}'), [/never matches/]],
  ['a cron', webFile('init: true', 'x-longshore: {schedule: "61 * * * *"}'), [/five cron fields/]],
  ['a day', webFile('init: true', 'x-longshore: {schedule: {window: {days: [frday], from: 1:00, to: 2:00}}}'), []],
  [
    'half a window',
    webFile('init: true', 'x-longshore: {schedule: {window: {from: 1:00}}}'),
    [/takes both "from" and "to"/],
  ],
  ['a time', webFile('init: true', 'x-longshore: {schedule: {window: {from: 25:00, to: 1:00}}}'), [/time of the day/]],
];

const whole: readonly Case[] = [
  ['a tab', 'services:\n\tweb:\n', [' 2:1 a tab is used for indentation; YAML takes only spaces']],
  [
    'a duplicate key',
    'services:\n  a:\n    image: x\n    image: y\n',
    ['services.a.image 4:5 the key "image" is there twice, first in line 3'],
  ],
  [
    'an undefined variable',
    webFile('user: "a${WHO}"'),
    [/^services\.web\.user 4:13 the variable WHO is not set.*\$\{WHO:-\}/],
  ],
  [
    'a variable that must be set',
    webFile('user: ${WHO:?who runs it}'),
    ['services.web.user 4:11 the variable WHO is not set or empty: who runs it'],
  ],
  [
    'an undefined variable in a block',
    webFile('command: |\n  echo a\n  echo ${WHO}'),
    [/^services\.web\.command 6:12 the variable WHO/],
  ],
  ['a list', '- a\n', [' 1:1 an app file is a map with the key "services"']],
  ['no services', 'name: x\n', [/there are no "services"/]],
  ['empty services', 'services: {}\n', [/there is no service/]],
  ['a service that is a text', 'services:\n  web: nginx\n', [/^services\.web 2:3 a service is a map.*this is "nginx"/]],
  ['a bad name of a service', 'services:\n  "a b":\n    image: x\n', [/is not a valid name for a service/]],
  [
    'a dependency on nothing',
    webFile('depends_on: [bd]', '  db:\n    image: x\n'),
    [/^services\.web\.depends_on\.bd 4:5 there is no service "bd" \(did you mean "db"\?\)/],
  ],
  [
    'a circle',
    'services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [c]}\n  c: {image: x, depends_on: [a]}\n',
    [/^services\.a\.depends_on 2:17 depends on itself: a -> b -> c -> a/],
  ],
  [
    'a job that never ends',
    'services:\n  a: {image: x, depends_on: {b: {condition: service_completed_successfully}}}\n  b: {image: x, restart: always}\n',
    [/waits until "b" has ended, but its restart policy is always/],
  ],
  [
    'a one-shot that never ends',
    'services:\n  a: {image: x, restart: always, x-longshore: {run: always}}\n',
    [/^services\.a\.x-longshore\.run 2:\d+ is for a service that runs to its end, but the restart policy is always/],
  ],
  [
    'what runs once for a deployment, and waits for another service',
    'services:\n  a: {image: x, depends_on: [b], x-longshore: {once: deployment}}\n  b: {image: x}\n',
    [/^services\.a\.depends_on 2:\d+ a service with "once: deployment" runs before the first wave/],
  ],
  [
    'what runs once for a deployment, with replicas, a port, and hosts that update alone',
    'services:\n  a: {image: x, ports: [80], deploy: {replicas: 2}, x-longshore: {once: deployment}}\nx-longshore: {offline: update}\n',
    [/"once: deployment" runs once; leave it out/, /has a route or a port/, /does not go with "offline: update"/],
  ],
  [
    'waiting for the health of what runs once for a deployment',
    'services:\n  a: {image: x, depends_on: {b: {condition: service_healthy}}}\n  b: {image: x, x-longshore: {once: deployment}}\n',
    [/^services\.a\.depends_on\.b 2:\d+ "b" runs to its end and is never healthy/],
  ],
  [
    'include',
    'include: [a.yaml]\nservices: {a: {image: x}}\n',
    [/^include 1:1 "include" is not done yet; name the files with several -f/],
  ],
  [
    'two networks in use',
    'services:\n  a: {image: x, networks: [n]}\n  b: {image: x}\nnetworks: {n: }\n',
    [/^services\.b 3:3 is on the network "default" and "a" on "n"/],
  ],
  [
    'a config without content',
    'services: {a: {image: x}}\nconfigs: {c: {}}\n',
    [/exactly one of "file", "content" and "environment"/],
  ],
  [
    'a config file that is missing',
    'services: {a: {image: x}}\nconfigs: {c: {file: ./c}}\n',
    [/^configs\.c\.file 2:21 there is no file c/],
  ],
  [
    'update_config that disagrees',
    'services:\n  a: {image: x, deploy: {update_config: {parallelism: 1}}}\n  b: {image: x, deploy: {update_config: {parallelism: 2}}}\n',
    [/^services\.b\.deploy\.update_config\.parallelism 3:42 differs.*x-longshore\.rollout\.waves/],
  ],
];

for (const [area, cases] of Object.entries({ service, longshore, whole }))
  t.test(`loadAppFile: wrong input (${area})`, (t) => {
    for (const [title, text, expected] of cases) {
      const found = shown(mistakesOf(text));
      if (expected.length === 0) t.ok(found.length > 0, title);
      else {
        t.equal(found.length, expected.length, `${title}: ${found.join(' | ')}`);
        expected.forEach((one, index) => t.match(found[index], one, title));
      }
    }
    t.end();
  });

t.test('loadAppFile: all mistakes come in one answer, in the order of the file', (t) => {
  const text = webFile('init: 5\nuser: ${A}\nports: [x]\nrunime: y', 'volume: {}\n');
  t.strictSame(
    mistakesOf(text).map((one) => one.line),
    [4, 5, 6, 7, 8],
  );
  t.end();
});

t.test('loadAppFile: a file that is not there is named', (t) => {
  t.match(mistakesOf('', { files: ['other.yaml'] }), [{ path: 'other.yaml', message: 'there is no file other.yaml' }]);
  t.match(mistakesOf('', { files: [] }), [{ message: 'no app file is named' }]);
  t.end();
});
