// What the two JavaScript servers share: the command line, the packages in .servers/, the ready line on stdout.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

// Libraries greet on stdout, where the tests read one line of JSON.
console.log = console.info = console.error;

export const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'callback-port': { type: 'string', multiple: true, default: [] },
    'access-ttl': { type: 'string', default: '3600' },
    'code-ttl': { type: 'string', default: '60' },
    cert: { type: 'string' },
    key: { type: 'string' },
    'until-eof': { type: 'boolean', default: false },
  },
});

/** Import a package from .servers/node_modules, which is not above this file. */
export async function fromServers(name) {
  const require = createRequire(new URL('../../../.servers/', import.meta.url));
  return import(pathToFileURL(require.resolve(name)));
}

/** Print the line that the tests wait for. With --until-eof the server ends with whoever holds its stdin. */
export function ready(facts) {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
  if (options['until-eof']) process.stdin.resume().on('end', () => process.exit(0));
}
