/** The commented file that `longshore init` writes. A test parses it, so that it stays true. */

export const EXAMPLE_APP_FILE = `# The app: its services and how Longshore ships them. The format is Docker Compose; what Compose has no words for
# stands under x-longshore. Check it without changing anything: longshore plan -f compose.yaml
name: my-app

services:
  web:
    # A release pins the digest behind this name, so that every host runs the same bytes.
    image: \${REGISTRY:-127.0.0.1:5000}/my-app/web:\${TAG:-latest}
    # With "build", \`longshore deploy\` builds the image and pushes it under the name above first.
    # build: .
    environment:
      LOG_LEVEL: info
      # Variables come from your environment or from .env beside this file; \${NAME:-default} has a default,
      # \${NAME:?why} must be set.
      GREETING: \${GREETING:-Hello}
    # A fixed host port ("80:8080") makes the old instance stop before the new one starts; HTTP comes through the
    # ingress below instead, without a gap.
    # ports: ["8080"]
    stop_grace_period: 10s
    # depends_on:
    #   db:
    #     condition: service_healthy
    deploy:
      # Without "replicas": one on every selected host.
      # replicas: 2
      resources:
        limits:
          memory: 256m
          cpus: "0.5"
    x-longshore:
      # Requests for this host and path go to port 8080 of the container.
      ingress:
        host: app.example.org
        path: /
        port: 8080
        tls: internal # auto (from a public authority), internal, or off
      # Traffic moves to a new instance only when this has answered with 2xx or 3xx for min_healthy_time.
      health:
        http:
          port: 8080
          path: /healthz
      # min_healthy_time: 5s
      # healthy_deadline: 5m
    # secrets: [api_key] # as the file /run/secrets/api_key

  # A volume that is written to belongs to one instance at a time: stop-first.
  # db:
  #   image: postgres:17
  #   volumes: ["data:/var/lib/postgresql/data"]
  #   healthcheck:
  #     test: ["CMD", "pg_isready", "-U", "postgres"]

# volumes:
#   data:

# Values are kept by the coordinator: longshore secrets set my-app api_key
# secrets:
#   api_key:
#     external: true

x-longshore:
  # Which hosts; without this, all.
  # hosts:
  #   pools: [edge]
  #   labels: { region: eu }
  # One host first, then 10 %, half and all of them; each wave is watched before the next begins.
  rollout:
    waves: [1, 10%, 50%, 100%]
    monitor: 5s
    max_failure_ratio: 0
    failure_action: rollback # or pause, continue
  # Ask the registry for a newer image; "schedule: off" leaves it to you.
  schedule:
    cron: "@hourly"
    timezone: UTC
    splay: 5m
    # window: { days: [mon-fri], from: "02:00", to: "04:00" }
  # What hosts may do while the coordinator is away: keep what runs, or update.
  offline: keep
  # Hosts that are away come to a release later (reachable), or deploy ends with exit code 1 without them (all).
  require: reachable
`;
