/** Plans and deployments. */
import { z } from 'zod';
import { pageSchema } from './page.ts';
import * as requests from './requests.ts';
import type { Route } from './route.ts';
import * as views from './views.ts';

export const DEPLOYMENT_ROUTES = {
  plan: {
    method: 'POST',
    path: '/v1/plans',
    access: 'viewer',
    summary: 'What a deployment would change, per host; changes nothing. Asking for digests needs operator',
    query: null,
    body: requests.planRequestSchema,
    reply: views.planViewSchema,
  },
  deploy: {
    method: 'POST',
    path: '/v1/deployments',
    creates: true,
    access: 'operator',
    summary: 'Make a release and deploy it',
    query: null,
    body: requests.deployRequestSchema,
    reply: z
      .object({ deployment: views.deploymentViewSchema.nullable(), plan: views.planViewSchema })
      .meta({ id: 'DeployResult' }),
  },
  listDeployments: {
    method: 'GET',
    path: '/v1/deployments',
    access: 'viewer',
    summary: 'Deployments, newest first, without their steps',
    query: requests.deploymentsQuerySchema,
    body: null,
    reply: pageSchema('DeploymentPage', views.deploymentViewSchema),
  },
  getDeployment: {
    method: 'GET',
    path: '/v1/deployments/{deployment}',
    access: 'viewer',
    summary: 'One deployment, with at most 100 of its steps',
    query: null,
    body: null,
    reply: views.deploymentViewSchema,
  },
  listSteps: {
    method: 'GET',
    path: '/v1/deployments/{deployment}/steps',
    access: 'viewer',
    summary: 'What a deployment does on each host, by host id',
    query: requests.stepsQuerySchema,
    body: null,
    reply: pageSchema('HostStepPage', views.hostStepViewSchema),
  },
  pauseDeployment: {
    method: 'POST',
    path: '/v1/deployments/{deployment}/pause',
    access: 'operator',
    summary: 'Start no further host',
    query: null,
    body: requests.noteRequestSchema,
    reply: views.deploymentViewSchema,
  },
  resumeDeployment: {
    method: 'POST',
    path: '/v1/deployments/{deployment}/resume',
    access: 'operator',
    summary: 'Go on',
    query: null,
    body: requests.noteRequestSchema,
    reply: views.deploymentViewSchema,
  },
  cancelDeployment: {
    method: 'POST',
    path: '/v1/deployments/{deployment}/cancel',
    access: 'operator',
    summary: 'Stop in place, or go back',
    query: null,
    body: requests.cancelRequestSchema,
    reply: views.deploymentViewSchema,
  },
} as const satisfies Readonly<Record<string, Route>>;
