// What the drivers of the peers share: a server as a child process, and the line they print.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export const [folder, data] = process.argv.slice(2);
export const DEVICES = 20;
export const DOCUMENTS = 100;
export const CHANGES = 20;

/** Starts `command` and waits for the line that matches `ready`; a kill is a SIGKILL. */
export async function start(command, words, environment, ready) {
  const child = spawn(command, words, { cwd: folder, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'ignore'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const found = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = ready.exec(line);
      if (match) resolve(match[1]);
    });
  });
  const kill = () =>
    new Promise((resolve) => {
      child.removeAllListeners('exit');
      child.once('exit', resolve);
      child.kill('SIGKILL');
    });
  return { found, kill };
}

/** The words a session is made of, change by change. */
export const edit = (session, change) =>
  change === 0
    ? { title: `座談会 ${session}`, venue: '公民館', date: '2026-11-20', activity: 'round_table', count: 1 }
    : { count: change + 1 };

/** Prints what was measured and ends. */
export function report(seconds, missing) {
  console.log(JSON.stringify({ seconds, missing }));
  process.exit(0);
}
