import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { FatalError, TransientError } from '../core/model/errors.ts';
import type { Credentials } from './cassandra/client.ts';

const shape = z.object({ username: z.string().min(1), password: z.string().min(1) });

/** Reads a secret of the form `{"username", "password"}`; nothing of its value shows in an error. */
export async function readCredentials(client: SecretsManagerClient, secretId: string): Promise<Credentials> {
  const answer = await client.send(new GetSecretValueCommand({ SecretId: secretId })).catch((cause: Error) => {
    throw new TransientError('SLU-5002', `reading the secret ${secretId}: ${cause.message}`, { cause });
  });
  const parsed = shape.safeParse(parse(answer.SecretString ?? ''));
  if (parsed.success) return parsed.data;
  throw new FatalError('SLU-5004', `the secret ${secretId} is not {"username", "password"}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
