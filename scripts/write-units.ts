// `npx tsx scripts/write-units.ts`: the units as files, from the same text that machines get.
import { writeFileSync } from 'node:fs';
import { renderAgentUnit } from '../setup/agent-unit.ts';
import { renderCoordinatorUnit } from '../setup/coordinator-unit.ts';

writeFileSync('agent/longshore-agent.service', renderAgentUnit());
writeFileSync('coordinator/longshore-coordinator.service', renderCoordinatorUnit('state-directory'));
