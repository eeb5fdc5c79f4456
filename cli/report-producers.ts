import type { KnownProducer } from '../core/control/producers.ts';
import { bytes, table } from './ui.ts';

/** What producers have told of themselves, the latest first; nothing when none has. */
export function producerLines(producers: readonly KnownProducer[]): string[] {
  if (producers.length === 0) return [];
  return [
    ...table([
      [
        'producer, in its latest period',
        'until',
        'sent',
        'size',
        'records/s',
        'ms: avg',
        'p95',
        'retries',
        'failed',
        'sent in all',
      ],
      ...producers.flatMap(({ producer, periods, total }) =>
        periods.slice(0, 1).map((period) => rowOf(producer, period, total)),
      ),
    ]),
    '',
  ];
}

function rowOf(producer: string, period: KnownProducer['total'], total: KnownProducer['total']): string[] {
  const seconds = (Date.parse(period.to) - Date.parse(period.from)) / 1000;
  return [
    producer,
    period.to.slice(0, 19),
    count(period.sent),
    bytes(period.bytes),
    seconds > 0 ? count(Math.round(period.sent / seconds)) : '-',
    period.milliseconds?.average.toFixed(0) ?? '-',
    period.milliseconds?.p95.toFixed(0) ?? '-',
    count(period.retries),
    count(period.failed),
    count(total.sent),
  ];
}

const count = (value: number): string => value.toLocaleString('en-US');
