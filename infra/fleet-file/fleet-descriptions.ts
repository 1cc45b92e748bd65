/** What each key of the fleet file means: shown by editors, through the JSON schema. `*` stands for a pool's name. */

export const FLEET_DESCRIPTIONS: Readonly<Record<string, string>> = {
  name: "First part of every resource's name; at most 20 of a-z, 0-9 and -. Another name is another fleet.",
  project: 'Id of the Google Cloud project.',
  region: 'Region of the coordinator, the registry and of pools that name none.',
  regions:
    "All regions of the fleet, in the order that their subnets are cut out of the network: append, and leave a retired one where it is. Default: the fleet's region.",
  further_zones: 'Zones that Google opened lately and that Longshore does not know.',
  further_machines: 'Machine types that Google brought lately and that Longshore does not know.',
  state: "Bucket for Terraform's state; it must exist and keep versions. Default: a file beside plan.sh.",
  'state.bucket': 'Name of the bucket, without gs://.',
  'state.prefix': 'Folder in it. Default: longshore/NAME.',
  labels: "Google's labels on everything that takes them.",
  protect: 'Keeps what holds data from being destroyed. Default: true.',
  snapshots: 'Of the data disk of the coordinator and of disks with named volumes.',
  'snapshots.every_hours': '24 is daily. Default: 24.',
  'snapshots.start': 'Full hour in UTC. Default: "03:00".',
  'snapshots.days': 'How long they are kept. Default: 14.',
  'snapshots.location': 'Region or multi-region that keeps them. Default: the region of the disk.',
  kms_key:
    'Key of Cloud KMS for disks, Cloud SQL, Memorystore, bucket and registry; it must exist, in the one region of the fleet. Set it at the beginning: what is there is made anew. Default: keys of Google.',
  network: 'The own network of the fleet.',
  'network.range': 'Private IPv4 range, /16 to /20; each region gets a sixteenth of it. Default: 10.64.0.0/16.',
  'network.flow_logs':
    'Logs of connections in Cloud Logging: half of them, each ten minutes. They cost by traffic. Default: false.',
  coordinator: 'The machine that knows what should run where.',
  'coordinator.count':
    '2: a second machine in another zone waits as a standby and takes over; needs cloud_sql. Default: 1.',
  'coordinator.zone': "Default: the b zone of the fleet's region.",
  'coordinator.standby_zone':
    "With count: 2, a zone of the coordinator's region. Default: another one than the coordinator's.",
  'coordinator.standby_domain':
    'With count: 2, the name of the standby, as domain is of the first. Default: its address, with an own root certificate.',
  'coordinator.machine': 'Machine type, x64. Default: e2-medium.',
  'coordinator.boot_disk_gb': 'Default: 20.',
  'coordinator.data_disk_gb': 'Disk of database, certificates and logs; survives the machine. Default: 20.',
  'coordinator.domain':
    'Name for people, with a certificate by ACME. Default: the address, with an own root certificate.',
  'coordinator.dns_zone': 'Managed zone of Cloud DNS that gets the record. Default: you make it.',
  'coordinator.acme_email': 'Address for messages about certificates.',
  'coordinator.data_snapshot':
    'Snapshot that the data disk is made from: for another zone, another kind of disk, or an older state. It stays here for as long as that disk is used. Default: none, the disk began empty.',
  'coordinator.snapshot_days': 'How long snapshots of the data disk are kept. Default: as snapshots.days.',
  'coordinator.ssh':
    'Who may log in: none, iap (people with OS Login, through IAP), or keys (PUBLIC_KEY_PATH, through IAP). Default: none.',
  'coordinator.public':
    'Whether it has a public address. false: reached from the network of the fleet, from allow_from, and through IAP. Default: true.',
  'coordinator.allow_from':
    'IPv4 ranges that reach its port 443; machines of the fleet always do, machines elsewhere must be in here. Default: everywhere, or nowhere else with public: false.',
  'coordinator.cloud_sql':
    'PostgreSQL of Cloud SQL for the data of the coordinator, which is moved there. Default: none, SQLite on its disk.',
  'coordinator.cloud_sql.tier': 'Default: db-g1-small.',
  'coordinator.cloud_sql.high_availability': 'A second instance in another zone. Default: false.',
  'coordinator.cloud_sql.disk_gb': 'Default: 10.',
  pools: 'Hosts made alike, by name.',
  'pools.*.count': 'Machines in all zones together; spread evenly.',
  'pools.*.region': "Default: that of its zones, else the fleet's.",
  'pools.*.zones': 'Default: the b zone of its region.',
  'pools.*.kind':
    'group: managed instance groups, which replace what is gone. single: instances of their own. Default: group.',
  'pools.*.machine': 'Machine type; its family decides whether hosts are x64 or arm64. Default: e2-medium.',
  'pools.*.architecture':
    'Only to be sure: x64 or arm64 must be what the machine type is. Of `further_machines` of another family it is what counts. Default there: x64.',
  'pools.*.spot': 'Cheaper machines that Google may take back at any time. Default: false.',
  'pools.*.disk_gb': 'Boot disk, where images and containers lie. Default: 30.',
  'pools.*.disk_type': 'Default: pd-balanced, or hyperdisk-balanced where the machine takes nothing else.',
  'pools.*.labels': "The hosts' labels in Longshore; they select apps. A change of them replaces no machine.",
  'pools.*.ssh': 'As coordinator.ssh. Default: none.',
  'pools.*.public_address':
    'Whether each machine gets a public address of its own. Default: only with ingress: address.',
  'pools.*.ingress':
    'How traffic comes in: network-lb, address (one single machine), https_lb, or none. Default: address for one single machine, else network-lb.',
  'pools.*.ingress.https_lb': "Google's global balancer with a managed certificate.",
  'pools.*.ingress.https_lb.domains':
    'Names, at most 15. Each has a certificate of its own, so that an edit touches no other.',
  'pools.*.ingress.https_lb.former_domains':
    'Names of a certificate that holds several, as Longshore made them before: it is served until those of `domains` are active. Default: none.',
  'pools.*.allow': 'Who else reaches which ports of its machines. Default: nobody.',
  'pools.*.allow.from': 'A pool of this fleet (also this one itself), or an IPv4 range.',
  'pools.*.allow.ports': 'TCP ports, and ranges as "8000-8010".',
  'pools.*.autohealing': 'Lets Google replace a machine whose ingress is silent for five minutes. Default: false.',
  'pools.*.volumes_disk_gb':
    'A further disk for named volumes that is never deleted, with snapshots as `snapshots` says. Default: none.',
  'pools.*.volumes_snapshots':
    'With kind: single, machine (ZONE-NUMBER) to the snapshot that its disk for named volumes is made from. It stays here for as long as that disk is used. Default: none.',
  'pools.*.metadata_access':
    "Lets services with x-longshore.metadata: allow use the machine's own identity. Default: false.",
  ingress_image:
    'Image of Caddy on the hosts, from a registry that needs no login, best with a version or a digest. Hosts take it up within a day. Default: what caddy:2 was when a host was made.',
  registry: 'Artifact Registry for your images; false: none.',
  'registry.location': "Region or multi-region. Default: the fleet's region.",
  'registry.repository': "Default: the fleet's name.",
  'registry.untagged_days': 'Images without a tag are deleted after this; kept releases have one. Default: 30.',
  memorystore: 'Redis for apps. Default: none.',
  'memorystore.region': "One of the fleet's regions.",
  'memorystore.memory_gb': 'Default: 1.',
  'memorystore.tier': 'BASIC or STANDARD_HA. Default: BASIC.',
  'memorystore.tls':
    'Encrypts connections; apps need the authority of the instance. Another value makes it anew. Default: false.',
  'memorystore.auth': 'Apps need a password. Terraform writes it into its state in clear text. Default: false.',
  monitoring: 'Checks and logs at Google. Default: none.',
  'monitoring.uptime_check': 'Asks the coordinator from outside. Default: true.',
  'monitoring.alert_email': 'Who hears of it when it does not answer.',
  'monitoring.log_sink_days':
    "How long machines' consoles and Google's notes on machines are kept in a log bucket of their own; not the logs of agents. Default: no sink.",
  local: 'The fleet of `plan.sh --stack local`, on one Docker Engine.',
  'local.hosts': 'Default: 2.',
  'local.coordinator_port': 'Default: 7480.',
  'local.registry_port': 'Default: 5480.',
  'local.ingress_port': "The first host's; the next hosts take those that follow. Default: 8480.",
};
