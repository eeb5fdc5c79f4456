import * as z from 'zod';

/**
 * The feed that is reserved for what producers tell of themselves: `{"feed": "_producer", "message": <Telling>}`. No feed of a tenant has this
 * name, because those begin with a letter.
 */
export const PRODUCER_FEED = '_producer';

export const PRODUCER_NAME = /^[\w.:@-]{1,64}$/;
export const PRODUCER_NAME_RULE = 'letters, digits and _ . : @ -, at most 64';

const figure = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const milliseconds = z.number().min(0);

const figures = z.strictObject({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  sent: figure,
  failed: figure,
  /** How often a record was put again, and how often one was throttled. */
  retries: figure,
  throttled: figure,
  bytes: figure,
  /** From a record's first call to the answer that took it; null when none was sent. */
  milliseconds: z
    .strictObject({ min: milliseconds, average: milliseconds, p95: milliseconds, max: milliseconds })
    .nullable(),
});

const shape = z.strictObject({
  producer: z.string().regex(PRODUCER_NAME, PRODUCER_NAME_RULE),
  period: figures,
  total: figures,
});

/** What a producer tells: how the time since it last told went, and all of its life. */
export type Telling = z.infer<typeof shape>;

/** A telling out of a message's fields, or what is wrong with it. */
export function tellingOf(
  values: unknown,
): { readonly telling: Telling } | { readonly column: string; readonly message: string } {
  const { data, error } = shape.safeParse(values);
  if (data) return { telling: data };
  const [issue] = error.issues;
  const column = issue?.path.join('.') ?? '';
  return { column, message: `column "${column}" of a producer’s report: ${issue?.message}` };
}
