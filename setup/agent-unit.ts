/**
 * `longshore-agent.service`: the one truth about the agent's unit. The agent is root because Docker's socket makes it
 * that anyway; the hardening takes away what it does not use, so that a mistake in it stays small.
 */
import { UNIT_HARDENING } from './unit-hardening.ts';

export function renderAgentUnit(): string {
  return `# Longshore agent, the daemon that runs on every host. See docs/operations.md.
[Unit]
Description=Longshore agent
Wants=network-online.target
After=network-online.target docker.service
# A host that cannot reach its engine or coordinator keeps trying; systemd must not give up on it.
StartLimitIntervalSec=0

[Service]
Type=notify
# READY, STATUS and WATCHDOG come from a helper program that the agent starts.
NotifyAccess=all
ExecStart=/usr/local/bin/longshore-agent --config /etc/longshore/agent.yaml
Restart=always
RestartSec=5
# 2: the configuration or the engine cannot be used. A person has to act first.
RestartPreventExitStatus=2
# READY waits for Docker, which may be slow after a power loss.
TimeoutStartSec=300
# Containers stay; only the agent's own work is ended.
TimeoutStopSec=60
WatchdogSec=120
StateDirectory=longshore-agent
StateDirectoryMode=0700
UMask=0077
OOMScoreAdjust=-500

# The agent needs its data folder, the engine's socket and the network. Everything else is read-only or away.
${UNIT_HARDENING}ProtectHome=read-only
# Secrets belong to the users of containers (CHOWN, FOWNER, DAC_OVERRIDE); a command that a person calls off is ended
# (KILL).
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL

[Install]
WantedBy=multi-user.target
`;
}
