import { createHash, createHmac } from 'node:crypto';
import { auth } from 'cassandra-driver';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

const SERVICE = 'cassandra';
const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Logs in to Amazon Keyspaces as an IAM identity. The credentials are asked for anew at every connection, because a role's expire while
 * the client lives on. The exchange: we name the mechanism, the server sends a nonce, we answer with a signature over it.
 */
export function sigV4AuthProvider(
  region: string,
  credentials: () => Promise<AwsCredentials>,
  now: () => Date = () => new Date(),
): auth.AuthProvider {
  const authenticator: auth.Authenticator = {
    initialResponse: (respond) => respond(null, Buffer.from('SigV4\0\0')),
    evaluateChallenge: (challenge, respond) => {
      const answer = async () => signedAnswer(region, nonceOf(challenge), await credentials(), now());
      answer().then(
        (text) => respond(null, Buffer.from(text)),
        (error: Error) => respond(error),
      );
    },
    onAuthenticationSuccess: () => {},
  };
  // The driver takes descendants of its own class only, which its types declare as an interface.
  return Object.assign(new auth.PlainTextAuthProvider('', ''), { newAuthenticator: () => authenticator });
}

/** The answer to a nonce, as the server expects it: the signature of a `PUT /authenticate` that carries the nonce as its body. */
export function signedAnswer(
  region: string,
  nonce: string,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  at: Date,
): string {
  const time = at.toISOString();
  const day = time.slice(0, 10).replaceAll('-', '');
  const scope = [day, region, SERVICE, 'aws4_request'];
  const query = [
    `X-Amz-Algorithm=${ALGORITHM}`,
    `X-Amz-Credential=${encodeURIComponent([accessKeyId, ...scope].join('/'))}`,
    `X-Amz-Date=${encodeURIComponent(time)}`,
    'X-Amz-Expires=900',
  ].join('&');
  const request = ['PUT', '/authenticate', query, `host:${SERVICE}`, '', 'host', sha256(nonce)].join('\n');
  const toSign = [ALGORITHM, time, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const session = sessionToken ? `,session_token=${sessionToken}` : '';
  return `signature=${hmac(key, toSign).toString('hex')},access_key=${accessKeyId},amzdate=${time}${session}`;
}

function nonceOf(challenge: Buffer): string {
  const nonce = /nonce=([^,]+)/.exec(challenge.toString())?.[1];
  // The challenge itself is not shown: it belongs to the login.
  if (!nonce) throw new Error('the server’s challenge holds no nonce; is it Amazon Keyspaces?');
  return nonce;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
