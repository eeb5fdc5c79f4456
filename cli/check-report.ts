import { faultIn, type Layout } from '../core/formats/locate.ts';
import { codes } from '../core/model/codes.ts';
import { plainJson } from '../core/model/plain-json.ts';
import { type Counts, placeOf, placeText, type Rejection } from '../core/model/row.ts';
import type { Feed } from '../core/model/tenant.ts';
import type { Trial } from '../core/pipeline/trial.ts';
import { type Reason, reasonText } from '../core/report/reasons.ts';
import type { CheckedFile } from './check-files.ts';
import { frame } from './frames.ts';
import { driftText } from './quality.ts';
import { bytes, excerpt, printable, table } from './ui.ts';

/** Records of each reason that are shown to people; `--json` has a few more. */
const SHOWN = 2;

/** What would become of a file, for people. */
export function fileLines({ file, bytes: size, feed, refusal, trial }: CheckedFile): string[] {
  const head = `${printable(file)}  ${bytes(size)}, feed ${feed.name}`;
  const refused = refusal
    ? ['', `${refusal.code}  the file would be refused: ${refusal.message}`, `  Next: ${codes[refusal.code][1]}`]
    : [];
  if (!trial) return [head, ...refused];
  const { counts, reasons, warnings, layout, sample, dropped } = trial;
  return [
    `${head}: ${countsText(counts)}`,
    ...refused,
    ...reasonLines(file, reasons, layout),
    ...warningLines(feed, warnings),
    ...qualityLines(trial.quality),
    ...(dropped.length === 0
      ? []
      : ['', `dropped by the transform, the first ${dropped.length} of ${counts.dropped}:`]),
    ...dropped.map((row) => `  ${placeText(row)}  ${excerpt(row.raw)}`),
    ...(sample.length === 0 ? [] : ['', `rows of ${feed.table.name}, the first ${sample.length}:`]),
    ...rowTable(Object.keys(feed.table.columns), sample),
  ];
}

/** Rules that are broken by records which would be loaded all the same. */
function warningLines({ quality = [] }: Feed, warnings: Trial['warnings']): string[] {
  const told = Object.entries(warnings).map(([name, count]) => {
    const { description = '' } = quality.find((rule) => rule.name === name) ?? {};
    return `  ${count} × rule "${name}": ${description}`;
  });
  return told.length === 0 ? [] : ['', 'loaded with a warning:', ...told];
}

/** What is to be said of the file as a whole, though it would be loaded. */
function qualityLines({ findings, drift }: Trial['quality']): string[] {
  const told = findings.filter(({ severity }) => severity === 'warn');
  return [
    ...(told.length === 0 ? [] : ['', 'of the whole file:']),
    ...told.map(({ rule, message }) => `  rule "${rule}": ${message}`),
    ...(drift ? ['', `its columns: ${driftText(drift)}`] : []),
  ];
}

const countsText = ({ read, loaded, dropped, rejected }: Counts): string =>
  `${read} read = ${loaded} loaded + ${dropped} dropped + ${rejected} rejected`;

/** Rejections by reason, the most frequent first, each with its first records and what to do. */
export const reasonLines = (file: string, reasons: readonly Reason[], layout: Layout): string[] =>
  reasons.flatMap((reason) => {
    const shown = reason.rejections.slice(0, SHOWN);
    const more = reason.count - shown.length;
    return [
      '',
      reasonText(reason),
      ...shown.flatMap((rejection) => framed(file, rejection, layout)),
      ...(more > 0 ? [`  … and ${more} more`] : []),
      `  Next: ${codes[reason.code][1]}`,
    ];
  });

function framed(file: string, rejection: Rejection, layout: Layout): string[] {
  const { raw, line, message } = rejection;
  const lines = frame({
    file,
    raw,
    line,
    place: placeText({ ...rejection, line: undefined }),
    fault: faultIn(rejection, layout),
  });
  return [`  ${printable(message)}`, ...lines.map((each) => `    ${each}`)];
}

/** Rows as a table, without the columns that none of them has. */
function rowTable(columns: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  if (rows.length === 0) return [];
  const used = columns.filter((column) => rows.some((row) => row[column] !== undefined && row[column] !== null));
  return table([used, ...rows.map((row) => used.map((column) => cell(row[column])))]).map((line) => `  ${line}`);
}

/** Columns that a cell may take. */
const CELL = 40;

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value, plainJson).replace(/^"(.*)"$/, '$1');
  return printable(text.length > CELL ? `${text.slice(0, CELL - 1)}…` : text);
}

/** What `--json` prints of a file. */
export const fileData = ({ file, bytes: size, feed, refusal, trial }: CheckedFile) => ({
  file,
  feed: feed.name,
  bytes: size,
  refusal,
  counts: trial?.counts ?? null,
  reasons: (trial?.reasons ?? []).map(({ rejections, ...reason }) => ({
    ...reason,
    rejections: rejections.map((rejection) => ({
      ...rejection,
      fault: trial ? faultIn(rejection, trial.layout) : null,
    })),
  })),
  warnings: trial?.warnings ?? {},
  findings: trial?.quality.findings ?? [],
  drift: trial?.quality.drift ?? null,
  dropped: (trial?.dropped ?? []).map((record) => ({ ...placeOf(record), raw: record.raw })),
  rows: JSON.parse(JSON.stringify(trial?.sample ?? [], plainJson)),
});
