/** Words that both requests and views use: each is one enum of the OpenAPI document. */
import { z } from 'zod';
import { DEPLOYMENT_STATES, HOST_STEP_STATES } from '../../fleet/deployment.ts';

export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const roleSchema = z.enum(ROLES).meta({ id: 'Role' });
export const availabilitySchema = z.enum(['active', 'paused', 'draining']).meta({ id: 'Availability' });
export const enrollTokenKindSchema = z.enum(['once', 'pool']).meta({ id: 'EnrollTokenKind' });
export const deploymentStateSchema = z.enum(DEPLOYMENT_STATES).meta({ id: 'DeploymentState' });
export const hostStepStateSchema = z.enum(HOST_STEP_STATES).meta({ id: 'HostStepState' });
