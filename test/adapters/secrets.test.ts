import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { readCredentials } from '../../adapters/secrets.ts';
import { FatalError, TransientError } from '../../core/model/errors.ts';

const answering = (answer: () => Promise<unknown>) => ({ send: answer }) as unknown as SecretsManagerClient;
const holding = (SecretString?: string) => answering(async () => ({ SecretString }));

test('a secret gives user name and password', async () => {
  const secret = '{"username":"acme","password":"s3cret"}';
  expect(await readCredentials(holding(secret), 'name')).toEqual({ username: 'acme', password: 's3cret' });
});

test.each(['{"username":"acme"}', '{"username":"","password":"s3cret"}', 's3cret', '["s3cret"]', undefined])(
  'a secret of another form, %s, is for a person to mend, and the error does not show it',
  async (text) => {
    const error = await readCredentials(holding(text), 'the-name').catch((thrown) => thrown);
    expect(error).toBeInstanceOf(FatalError);
    expect(error.message).toContain('the-name');
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('s3cret');
  },
);

test('a service that does not answer is worth another try', async () => {
  const down = answering(() => Promise.reject(new Error('no answer')));
  await expect(readCredentials(down, 'name')).rejects.toThrow(TransientError);
});
