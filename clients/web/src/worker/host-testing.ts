// Asks a host as a page does, each command under a number of its own.

import type { Command } from '../core/protocol';
import type { Answer, Host } from './host';

let last = 0;

export function ask(host: Host, command: Command): Promise<Answer> {
  last += 1;
  return host.command(command, { from: 'page', id: last });
}
