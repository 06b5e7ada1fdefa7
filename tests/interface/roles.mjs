// Calls that nobody thought of, by each role: schemathesis makes them from the description of the interface. The server has
// no answer of 5xx, and none that the description does not know.
//
// usage: node roles.mjs SCHEMATHESIS [EXAMPLES]; TSUDOI_SERVER_BINARY names another server

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const [schemathesis = 'schemathesis', examples = '3'] = process.argv.slice(2);
const SERVER = process.env.TSUDOI_SERVER_BINARY ?? fileURLToPath(new URL('../../target/debug/tsudoi-server', import.meta.url));
const CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance';
// what speaks CBOR has tests of its own; streams do not end; and who signs out is nobody any more
const LEFT_OUT = ['/v1/sync', '/v1/audit', '/v1/events', '/v1/follow', '/v1/logout', '/v1/own/logins', '/v1/me/role'];

const data = mkdtempSync(join(tmpdir(), 'tsudoi-'));
const database = join(data, 'tsudoi.sqlite');
const environment = { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TSUDOI_'))), TSUDOI_LOG: 'error' };

function demo() {
  const done = spawnSync(SERVER, ['demo', '--json', '--database', database], { env: environment, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`tsudoi-server demo: ${done.error ?? done.stderr}`);
  const signIns = JSON.parse(done.stdout.split('\n').find((line) => line.startsWith('{'))).sign_ins;
  const { organisation } = signIns.find((one) => one.role === 'coordinator');
  const lecturer = ['code', '--tenant', '11', '--role', 'lecturer', '--person', '講師', '--organisation', organisation, '--database', database];
  const made = spawnSync(SERVER, lecturer, { env: environment, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`tsudoi-server code: ${made.error ?? made.stderr}`);
  return [...signIns, { role: 'lecturer', code: made.stdout.trim() }];
}

async function serve() {
  const child = spawn(SERVER, ['serve', '--listen', '127.0.0.1:0', '--database', database], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const address = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^tsudoi-server ready (\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
  });
  return { child, address };
}

async function cookieOf(address, code) {
  const answer = await fetch(`${address}/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code }) });
  if (!answer.ok) throw new Error(`login: ${answer.status} ${await answer.text()}`);
  return answer.headers.getSetCookie()[0].split(';')[0];
}

const signIns = demo();
const { child, address } = await serve();
const failed = [];
try {
  const roles = [...new Map(signIns.filter((one) => one.role !== undefined).map((one) => [one.role, one])).values()];
  const callers = [['nobody', null]];
  for (const one of roles) callers.push([one.role, await cookieOf(address, one.code)]);
  for (const [name, cookie] of callers) {
    const begun = Date.now();
    const words = [
      'run', `${address}/openapi.json`, '--checks', CHECKS, '--max-examples', examples, '--seed', '1', '--phases', 'examples,coverage,fuzzing',
      '--continue-on-failure', '--warnings', 'off', '--suppress-health-check', 'all', '--request-timeout', '20',
      ...LEFT_OUT.flatMap((path) => ['--exclude-path', path]), ...(cookie === null ? [] : ['--header', `Cookie: ${cookie}`]),
    ];
    const done = spawnSync(schemathesis, words, { encoding: 'utf8', env: environment, cwd: data, maxBuffer: 1 << 28 });
    const seconds = Math.round((Date.now() - begun) / 1000);
    console.log(`${name}: ${done.status === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
    if (done.status !== 0) {
      failed.push(name);
      console.log(done.error ?? done.stdout.slice(-60_000));
    }
  }
} finally {
  child.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
}
process.exitCode = failed.length > 0 ? 1 : 0;
