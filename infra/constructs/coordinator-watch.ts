/** Google asks from outside whether the coordinator answers, and mails somebody when it does not. */
import { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy/index.js';
import { MonitoringNotificationChannel } from '@cdktf/provider-google/lib/monitoring-notification-channel/index.js';
import { MonitoringUptimeCheckConfig } from '@cdktf/provider-google/lib/monitoring-uptime-check-config/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { AFTER_ITS_USERS } from './after-its-users.ts';
import { literalText } from './template-text.ts';

export interface CoordinatorWatchProps {
  readonly fleet: string;
  /** For people. */
  readonly what: 'coordinator' | 'standby';
  /** Its machine. */
  readonly machine: string;
  readonly project: string;
  readonly host: string;
  /** False where the certificate is the coordinator's own. */
  readonly trusted: boolean;
  /** Null: the alert is shown in the console only. */
  readonly alertEmail: string | null;
  readonly services: ITerraformDependable[];
}

export class CoordinatorWatch extends Construct {
  constructor(scope: Construct, id: string, props: CoordinatorWatchProps) {
    super(scope, id);
    const { fleet, services } = props;
    const check = new MonitoringUptimeCheckConfig(this, 'uptime', {
      displayName: `${fleet}: ${props.what} answers`,
      period: '60s',
      timeout: '10s',
      httpCheck: { path: '/healthz', port: 443, useSsl: true, validateSsl: props.trusted, requestMethod: 'GET' },
      monitoredResource: { type: 'uptime_url', labels: { project_id: props.project, host: props.host } },
      lifecycle: AFTER_ITS_USERS,
      dependsOn: services,
    });
    const channels =
      props.alertEmail === null
        ? []
        : [
            new MonitoringNotificationChannel(this, 'mail', {
              displayName: `${fleet}: operators`,
              type: 'email',
              labels: { email_address: literalText(props.alertEmail) },
              lifecycle: AFTER_ITS_USERS,
              dependsOn: services,
            }).name,
          ];
    new MonitoringAlertPolicy(this, 'down', {
      displayName: `${fleet}: ${props.what} does not answer`,
      combiner: 'OR',
      notificationChannels: channels,
      documentation: {
        mimeType: 'text/markdown',
        content: `Hosts go on with what they run. Look at the machine \`${props.machine}\`: its serial output, then the journal of longshore-coordinator.`,
      },
      conditions: [
        {
          displayName: 'Fails from more than one place',
          conditionThreshold: {
            filter: `metric.type="monitoring.googleapis.com/uptime_check/check_passed" AND resource.type="uptime_url" AND metric.label.check_id="${check.uptimeCheckId}"`,
            comparison: 'COMPARISON_GT',
            thresholdValue: 1,
            duration: '120s',
            aggregations: [
              {
                alignmentPeriod: '120s',
                perSeriesAligner: 'ALIGN_NEXT_OLDER',
                crossSeriesReducer: 'REDUCE_COUNT_FALSE',
                groupByFields: ['resource.label.host'],
              },
            ],
            trigger: { count: 1 },
          },
        },
      ],
    });
  }
}
