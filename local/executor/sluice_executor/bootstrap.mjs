// Runs one Node function: loads its handler, then asks the Lambda Runtime API for work until the process is ended.
// Errors, log lines and exit codes are those of Lambda's own Node runtime. Plain JavaScript, Node 20 or newer.

import { statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const env = process.env;
const api = `http://${env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/`;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Exit codes by which Lambda's Node runtime tells these two apart. */
const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT_EXCEPTION = 129;

/** The invocation under way: {id, settle}. Undefined during init and between invocations. */
let current;

class RuntimeError extends Error {
  constructor(type, message, options) {
    super(message, options);
    this.name = `Runtime.${type}`;
  }
}

// Logs

// Both streams are one pipe. Written without blocking, their order would be lost and an exit would cut them short.
for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);
patchConsole();

/** Lambda's text format: one event for each call, so line breaks inside a message become carriage returns. */
function patchConsole() {
  const levels = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' };
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...values) => {
      const message = format(...values).replace(/\n/g, '\r');
      process.stdout.write(`${new Date().toISOString()}\t${current?.id ?? 'undefined'}\t${level}\t${message}\n`);
    };
  }
}

/** Waits until everything written so far has left the process, so that it counts to the invocation that wrote it. */
async function flush() {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength) await new Promise((done) => stream.write('', done));
  }
}

// Errors

function describe(error) {
  const isError = error instanceof Error || (error?.name && error?.message && error?.stack);
  if (!isError) return { errorType: error === null ? 'object' : typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') };
}

/** As logged: with the error's own further fields (code, cause and the like), as far as JSON can show them. */
function describeForLog(error) {
  const { trace: stack, ...rest } = describe(error);
  const seen = new WeakSet();
  const show = (_key, value) => {
    if (typeof value === 'bigint') return String(value);
    if (value === null || typeof value !== 'object') return value;
    if (seen.has(value)) return '[Circular]';
    seen.add(value);
    return value instanceof Error && value !== error ? { ...describe(value), ...value } : value;
  };
  try {
    const fields = error instanceof Error ? { ...error, ...(error.cause && { cause: error.cause }) } : {};
    return JSON.stringify({ ...rest, ...fields, stack }, show);
  } catch {
    return JSON.stringify({ ...rest, stack });
  }
}

async function die(title, error, exitCode) {
  console.error(`${title} \t${describeForLog(error)}`);
  await flush();
  const path = current ? `invocation/${current.id}/error` : 'init/error';
  await post(path, JSON.stringify(describe(error)), describe(error).errorType).catch(() => {});
  process.exit(exitCode);
}

process.on('uncaughtException', (error) => die('Uncaught Exception', error, EXIT_UNCAUGHT_EXCEPTION));
process.on('unhandledRejection', (reason) => {
  const error = new RuntimeError('UnhandledPromiseRejection', String(reason), { cause: reason });
  if (reason?.stack) error.stack = `${error.name}: ${error.message}\n${reason.stack}`;
  die('Unhandled Promise Rejection', error, EXIT_UNHANDLED_REJECTION);
});

// The Runtime API

function call(method, path, body = '', headers = {}) {
  return new Promise((resolve, reject) => {
    const outgoing = { ...headers, ...(method === 'POST' && { 'Content-Length': Buffer.byteLength(body) }) };
    const sent = request(api + path, { method, agent, headers: outgoing }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => resolve({ headers: response.headers, text: Buffer.concat(pieces).toString() }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const post = (path, body, errorType) =>
  call('POST', path, body, {
    'Content-Type': 'application/json',
    ...(errorType && { 'Lambda-Runtime-Function-Error-Type': errorType }),
  });

// The handler

/** @returns the function that `_HANDLER` names, as folder/file.export or folder/file.export.nested. */
async function loadHandler(root, handler) {
  const [, file, exported] = /^([^.]*)\.(.+)$/.exec(basename(handler)) ?? [];
  if (!exported || handler.includes('..')) throw new RuntimeError('MalformedHandlerName', `Bad handler '${handler}'`);
  const stem = join(root, dirname(handler), file);
  const path = [stem, `${stem}.js`, `${stem}.mjs`, `${stem}.cjs`].find(isFile);
  if (!path) throw new RuntimeError('ImportModuleError', `Error: Cannot find module '${join(dirname(handler), file)}'`);
  const found = exported.split('.').reduce((value, name) => value?.[name], await loadModule(path));
  if (!found) throw new RuntimeError('HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw new RuntimeError('HandlerNotFound', `${handler} is not a function`);
  return found;
}

const isFile = (path) => statSync(path, { throwIfNoEntry: false })?.isFile();

async function loadModule(path) {
  try {
    return path.endsWith('.mjs') ? await import(pathToFileURL(path)) : await requireOrImport(path);
  } catch (error) {
    throw translated(error);
  }
}

async function requireOrImport(path) {
  try {
    return createRequire(path)(path);
  } catch (error) {
    // An ES module in a .js file: on Node 20 always, later when it awaits at its top level.
    const isModule = error?.code === 'ERR_REQUIRE_ESM' || error?.code === 'ERR_REQUIRE_ASYNC_MODULE';
    if (isModule) return import(pathToFileURL(path));
    throw error;
  }
}

function translated(error) {
  const types = { MODULE_NOT_FOUND: 'ImportModuleError', ERR_MODULE_NOT_FOUND: 'ImportModuleError' };
  const type = error instanceof SyntaxError ? 'UserCodeSyntaxError' : types[error?.code];
  if (!type) return error;
  const named = new RuntimeError(type, `${error.name}: ${error.message}`);
  named.stack = error.stack;
  return named;
}

// One invocation

const json = (text) => (text ? JSON.parse(text) : undefined);

function contextFor(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    clientContext: json(headers['lambda-runtime-client-context']),
    identity: json(headers['lambda-runtime-cognito-identity']),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

let whenNothingIsLeft;
process.on('beforeExit', () => whenNothingIsLeft?.());

/** Resolves to what the handler returned, resolved or called back with. */
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    let promised = false;
    // With nothing left to wait for, a promise never settles any more; a handler without one is simply done.
    whenNothingIsLeft = () => {
      const lost = 'The handler returned a promise that can no longer settle: nothing is left to wait for';
      if (promised) reject(new RuntimeError('NodeJsExit', lost));
      else resolve(null);
    };
    const callback = (error, result) => {
      const settle = () => (error !== null && error !== undefined ? reject(error) : resolve(result));
      if (context.callbackWaitsForEmptyEventLoop) whenNothingIsLeft = settle;
      else settle();
    };
    const returned = handler(event, context, callback);
    if (typeof returned?.then === 'function') {
      promised = true;
      returned.then(resolve, reject);
    }
  });
}

async function answer(id, result) {
  const body = JSON.stringify(result === undefined ? null : result);
  await flush();
  await post(`invocation/${id}/response`, body ?? 'null');
}

async function refuse(id, error) {
  const described = describe(error);
  console.error(`Invoke Error \t${describeForLog(error)}`);
  await flush();
  await post(`invocation/${id}/error`, JSON.stringify(described), described.errorType);
}

async function serve(handler) {
  for (;;) {
    const { headers, text } = await call('GET', 'invocation/next');
    const id = headers['lambda-runtime-aws-request-id'];
    env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';
    current = { id };
    try {
      await answer(id, await run(handler, JSON.parse(text), contextFor(headers)));
    } catch (error) {
      await refuse(id, error);
    }
    current = undefined;
  }
}

async function main() {
  let handler;
  try {
    handler = await loadHandler(env.LAMBDA_TASK_ROOT, env._HANDLER);
  } catch (error) {
    return die('Init Error', error, 1);
  }
  await serve(handler).catch(() => process.exit(1)); // the Runtime API is gone, and the environment with it
}

main();
