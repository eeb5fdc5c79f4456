import { errors, types } from 'cassandra-driver';
import { FatalError, TransientError } from '../../core/model/errors.ts';

const passing = new Set<number>([
  types.responseErrorCodes.serverError,
  types.responseErrorCodes.unavailableException,
  types.responseErrorCodes.overloaded,
  types.responseErrorCodes.isBootstrapping,
  types.responseErrorCodes.truncateError,
  types.responseErrorCodes.writeTimeout,
  types.responseErrorCodes.readTimeout,
  types.responseErrorCodes.readFailure,
  types.responseErrorCodes.writeFailure,
  types.responseErrorCodes.unprepared,
  // A role or a grant that the deployment has not made yet, or makes anew right now.
  types.responseErrorCodes.badCredentials,
  types.responseErrorCodes.unauthorized,
]);

/** A table or keyspace that the deployment has not made yet. */
const notYet = /unconfigured table|does not exist|keyspace .* not exist/i;

/** The connection broke in the middle of the request; the driver marks such an error and has no class for it. */
const isBroken = (error: unknown): boolean => (error as { isSocketError?: unknown } | null)?.isSocketError === true;

/**
 * True when the same statement can succeed later as it is. Throttling is among it: Keyspaces answers with a read or write timeout
 * for which no replica has responded.
 */
export function isPassing(error: unknown): boolean {
  if (error instanceof errors.ResponseError) return passing.has(error.code) || notYet.test(error.message);
  return (
    isBroken(error) ||
    error instanceof errors.NoHostAvailableError ||
    error instanceof errors.OperationTimedOutError ||
    error instanceof errors.AuthenticationError ||
    error instanceof errors.BusyConnectionError
  );
}

const straining = new Set<number>([types.responseErrorCodes.overloaded, types.responseErrorCodes.writeTimeout]);

/** True when the database has too much to do. */
export const isStrain = (error: unknown): boolean =>
  error instanceof errors.OperationTimedOutError ||
  error instanceof errors.BusyConnectionError ||
  (error instanceof errors.ResponseError && straining.has(error.code));

/** True for an answer, as `worldError` tells it, that there is no such table or keyspace, or none that the role may read. */
export function isNotOurs({ cause }: Error): boolean {
  if (!(cause instanceof errors.ResponseError)) return false;
  return cause.code === types.responseErrorCodes.unauthorized || notYet.test(cause.message);
}

/** True when nobody knows whether a conditional write was made. */
export const isUnknownOutcome = (error: unknown): boolean =>
  isBroken(error) ||
  error instanceof errors.OperationTimedOutError ||
  (error instanceof errors.ResponseError && error.code === types.responseErrorCodes.writeTimeout) ||
  // The driver names the hosts it tried; a connection that broke in the middle of the request is among the reasons.
  error instanceof errors.NoHostAvailableError;

/** An error of the driver as the core knows errors. */
export function worldError(error: unknown, doing: string): Error {
  const text = `${doing}: ${messageOf(error)}`;
  if (isPassing(error)) return new TransientError('SLU-5001', text, { cause: error });
  return new FatalError('SLU-5004', text, { cause: error });
}

/** The driver's message, with the reasons of the hosts when none could be reached. */
export function messageOf(error: unknown): string {
  if (!(error instanceof errors.NoHostAvailableError)) return error instanceof Error ? error.message : String(error);
  const inner: Record<string, Error> = error.innerErrors ?? {};
  const reasons = Object.entries(inner).map(([host, { message }]) => `${host}: ${message}`);
  return `${error.message}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`;
}
