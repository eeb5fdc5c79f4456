import { Alarm, ComparisonOperator, Metric, type MetricOptions, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { streamAlert } from '../core/model/stream.ts';
import type { ObjectIngest } from './object-ingest.ts';
import type { StreamIngest } from './stream-ingest.ts';
import type { Tick } from './tick.ts';

const period = Duration.minutes(5);
const maximum: MetricOptions = { period, statistic: 'Maximum' };
const sum: MetricOptions = { period, statistic: 'Sum' };

/** Messages wait in the stream at most this long before somebody is told. */
const LATE = Duration.minutes(10);

/** What a person must look at. Each description names the section of `docs/runbook.md` that says what to do. */
export function addAlarms(
  scope: Construct,
  tenantId: string,
  { objects, messages, tick }: { objects: ObjectIngest; messages: StreamIngest; tick: Tick },
  topicArn: string | undefined,
): void {
  const action = topicArn ? new SnsAction(Topic.fromTopicArn(scope, 'AlarmTopic', topicArn)) : undefined;
  const alarm = (id: string, section: string, what: string, metric: Metric, threshold = 0) => {
    const made = new Alarm(scope, id, {
      alarmDescription: `Tenant ${tenantId}: ${what}. See docs/runbook.md#${section}`,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (action) made.addAlarmAction(action);
  };

  alarm(
    'DeadLetters',
    'dead-letters',
    'files were given up after all attempts',
    objects.deadLetters.metricApproximateNumberOfMessagesVisible(maximum),
  );
  alarm(
    'StreamLate',
    'messages-are-late',
    `messages wait for more than ${LATE.toMinutes()} minutes`,
    messages.function.handler.metric('IteratorAge', maximum),
    LATE.toMilliseconds(),
  );
  alarm(
    'FailedRecords',
    'failed-records',
    'messages were given up after all attempts and lie in the rejects bucket',
    new Metric({
      ...sum,
      namespace: 'AWS/Lambda',
      metricName: 'OnFailureDestinationDeliveredEventCount',
      dimensionsMap: { EventSourceMappingUUID: messages.mapping.eventSourceMappingId },
    }),
  );
  const told = new MetricFilter(scope, 'StreamAlertsTold', {
    logGroup: tick.function.handler.logGroup,
    filterPattern: FilterPattern.stringValue('$.message', '=', streamAlert),
    metricNamespace: `Sluice/${tenantId}`,
    metricName: 'StreamAlerts',
  });
  alarm(
    'StreamAlerts',
    'stream-alerts',
    'the stream needs more than its profile or its database gives',
    told.metric(sum),
  );
  alarm('ObjectErrors', 'function-errors', 'ingest-object fails', objects.function.handler.metricErrors(sum));
  alarm('StreamErrors', 'function-errors', 'ingest-stream fails', messages.function.handler.metricErrors(sum));
  alarm('TickErrors', 'function-errors', 'tick fails', tick.function.handler.metricErrors(sum));
}
