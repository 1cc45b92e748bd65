/** Enrolment, versions, the caller itself, the event log, and what the coordinator finds wrong with itself. */
import { z } from 'zod';
import {
  enrollChallengeReplySchema,
  enrollChallengeRequestSchema,
  enrollReplySchema,
  enrollRequestSchema,
} from '../enroll.ts';
import { tokenViewSchema } from './access-views.ts';
import { pageSchema } from './page.ts';
import * as requests from './requests.ts';
import type { Route } from './route.ts';
import * as views from './views.ts';

export const SESSION_ROUTES = {
  enrollChallenge: {
    method: 'POST',
    path: '/v1/enroll/challenge',
    access: 'public',
    summary: 'A nonce for a machine that enrols by its own identity',
    query: null,
    body: enrollChallengeRequestSchema,
    reply: enrollChallengeReplySchema,
  },
  enroll: {
    method: 'POST',
    path: '/v1/enroll',
    access: 'public',
    summary: 'Enrol a host with a token, or by the identity of its machine',
    query: null,
    body: enrollRequestSchema,
    reply: enrollReplySchema,
  },
  version: {
    method: 'GET',
    path: '/v1/version',
    access: 'public',
    summary: 'Version of the coordinator',
    query: null,
    body: null,
    reply: z
      .object({
        version: z.string(),
        protocol: z.object({ min: z.number(), max: z.number() }).meta({ id: 'ProtocolRange' }),
      })
      .meta({ id: 'VersionView' }),
  },
  whoami: {
    method: 'GET',
    path: '/v1/whoami',
    access: 'viewer',
    summary: 'The token that calls',
    query: null,
    body: null,
    reply: tokenViewSchema,
  },
  listEvents: {
    method: 'GET',
    path: '/v1/events',
    access: 'viewer',
    summary: 'The event log',
    query: requests.eventsQuerySchema,
    body: null,
    reply: pageSchema('EventPage', views.eventViewSchema),
  },
  doctor: {
    method: 'GET',
    path: '/v1/doctor',
    access: 'viewer',
    summary: 'What the coordinator finds wrong with itself',
    query: null,
    body: null,
    reply: z
      .object({
        checks: z.array(z.object({ name: z.string(), ok: z.boolean(), text: z.string() }).meta({ id: 'DoctorCheck' })),
      })
      .meta({ id: 'DoctorView' }),
  },
  confirmRestore: {
    method: 'POST',
    path: '/v1/restore/confirm',
    access: 'operator',
    summary: 'Go on from data that was restored from an older copy',
    query: null,
    body: requests.noteRequestSchema,
    reply: z.object({ epoch: z.number() }).meta({ id: 'RestoreView' }),
  },
} as const satisfies Readonly<Record<string, Route>>;
