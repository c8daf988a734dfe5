// The vendor's own client libraries, fed with what `export` printed: its kind as the argument, the export on stdin, one JSON line on stdout.
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';

// The packages lie in .servers, this file does not.
const require = createRequire(new URL('../../../.servers/package.json', import.meta.url));

// A connection whose access token is dead from the start: the first query has to refresh.
async function jsforce(exported) {
  const { Connection } = require('@jsforce/jsforce-node');
  const values = Object.fromEntries(JSON.parse(exported).values.map(({ key, value }) => [key, value]));
  const connection = new Connection({
    oauth2: {
      loginUrl: values.url + values.site,
      clientId: values.clientId,
      clientSecret: values.clientSecret,
      redirectUri: values.redirectUrl,
    },
    instanceUrl: values._endpoint,
    accessToken: '00D000000000001!dead',
    refreshToken: values._refreshToken,
    version: values.version,
  });
  let refreshed = 0;
  connection.on('refresh', () => (refreshed += 1));
  const { records } = await connection.query('SELECT Id, Username FROM User');
  return { refreshed, usernames: records.map((record) => record.Username) };
}

// What `sf org login sfdx-url` does with the URL: its parser, then a sign-in with what it read.
async function sfdxUrl(exported) {
  const { AuthInfo, Connection } = require('@salesforce/core');
  const parsed = AuthInfo.parseSfdxAuthUrl(exported.trim());
  const authInfo = await AuthInfo.create({ oauth2Options: parsed });
  const connection = await Connection.create({ authInfo });
  const { records } = await connection.query('SELECT Id FROM Account');
  const { username, orgId, instanceUrl } = authInfo.getFields();
  return { parsed, username, orgId, instanceUrl, accounts: records.length };
}

const answer = await { jsforce, 'sfdx-url': sfdxUrl }[process.argv[2]](await text(process.stdin));
process.stdout.write(JSON.stringify(answer) + '\n');
process.exit(0);
