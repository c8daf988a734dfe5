// oidc-provider (certified OpenID provider, npm) with clients for our tests: node tests/support/servers/oidc_provider.mjs --port 9000

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { fromServers, options, ready } from './start.mjs';

const { Provider } = await fromServers('oidc-provider');

const PEOPLE = {
  alice: { preferred_username: 'alice', name: 'Alice Adams', email: 'alice@example.com', email_verified: true },
};

const everyClient = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};

// Native clients may come back to any port of these (RFC 8252 section 7.3), web clients to what they registered and nothing else.
const anyPort = {
  ...everyClient,
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback', 'http://localhost/callback'],
};
const exactPort = {
  ...everyClient,
  application_type: 'web',
  redirect_uris: options['callback-port'].map((port) => `http://127.0.0.1:${port}/callback`),
};

const clients = {
  public: { ...anyPort, client_id: 'public', token_endpoint_auth_method: 'none' },
  confidential: { ...anyPort, client_id: 'confidential', client_secret: 'confidential-secret' },
  post: {
    ...anyPort,
    client_id: 'post',
    client_secret: 'post-secret',
    token_endpoint_auth_method: 'client_secret_post',
  },
  // Every character here means something else to somebody: HTTP Basic, forms, URLs, shells.
  odd: { ...anyPort, client_id: 'cli:odd+id', client_secret: 'p%+:& /=~' },
};
// RFC 8628; this one has to send PKCE's challenge nowhere, and may.
clients.device = {
  client_id: 'device',
  application_type: 'native',
  grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'none',
};
// RFC 6749 section 4.4, with a secret; those with a key register themselves.
clients.machine = {
  client_id: 'machine',
  client_secret: 'machine-secret',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
};
if (exactPort.redirect_uris.length > 0) {
  clients.exact = { ...exactPort, client_id: 'exact', token_endpoint_auth_method: 'none' };
}

const seconds = Number(options['access-ttl']);
const configuration = {
  clients: Object.values(clients),
  // A token that has run out is refused in that second, not fifteen later.
  clockTolerance: 0,
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
  // The ID token itself names the person; the library would leave that to the userinfo endpoint.
  conformIdTokenClaims: false,
  cookies: { keys: ['only for these tests'] },
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: true },
    revocation: { enabled: true },
  },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...PEOPLE[sub] }) }),
  ttl: {
    AccessToken: seconds,
    AuthorizationCode: Number(options['code-ttl']),
    DeviceCode: 600,
    Grant: 86400,
    IdToken: seconds,
    Interaction: 600,
    RefreshToken: 86400,
    Session: 86400,
  },
};

// The issuer holds the port, so the port comes first.
const { cert, key } = options;
const server = cert ? createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }) : createServer();
server.listen(Number(options.port), '127.0.0.1', () => {
  const issuer = `${cert ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(issuer, configuration).callback());
  const facts = ({ client_id, client_secret, redirect_uris }) => ({ client_id, client_secret, redirect_uris });
  const known = Object.entries(clients).map(([name, client]) => [name, facts(client)]);
  ready({ issuer, username: 'alice', password: 'any', clients: Object.fromEntries(known) });
});
