// oauth2-mock-server (npm), made to misbehave: the client_id names the fault. node tests/support/servers/oauth2_mock.mjs --port 9000

import { createServer } from 'node:http';
import { fromServers, options, ready } from './start.mjs';

const { OAuth2Issuer, OAuth2Service } = await fromServers('oauth2-mock-server');

const SCRIPT = '"><script>document.title="owned"</script>\u001b[31m\u202e';

// What goes wrong with the redirect: each gets its URL.
const REDIRECT_FAULTS = {
  'wrong-state': (url) => url.searchParams.set('state', 'not-the-state-you-sent'),
  'no-state': (url) => url.searchParams.delete('state'),
  'wrong-iss': (url) => url.searchParams.set('iss', 'https://another.example'),
  'duplicate-code': (url) => url.searchParams.append('code', 'a-second-code'),
  'code-and-error': (url) => url.searchParams.set('error', 'access_denied'),
  'no-code': (url) => url.searchParams.delete('code'),
  'front-channel-token': (url) => url.searchParams.set('access_token', 'a-token-out-of-place'),
  'script-in-description': (url) => {
    url.searchParams.delete('code');
    url.searchParams.set('error', 'server_error');
    url.searchParams.set('error_description', SCRIPT);
  },
  'administrator-refused': (url) => {
    url.searchParams.delete('code');
    url.searchParams.set('error', 'unauthorized_client');
  },
};

const error = (answer, status, body) => Object.assign(answer, { statusCode: status, body });

// What goes wrong at the token endpoint: each gets the answer, and the request for what the answer cannot say.
const TOKEN_FAULTS = {
  'expires-in-string': (answer) => Object.assign(answer.body, { expires_in: '3600' }),
  'expires-in-nonsense': (answer) => Object.assign(answer.body, { expires_in: { soon: true } }),
  'no-expires-in': (answer) => delete answer.body.expires_in,
  'token-type-lower-case': (answer) => Object.assign(answer.body, { token_type: 'bearer' }),
  'token-type-mac': (answer) => Object.assign(answer.body, { token_type: 'mac' }),
  'no-token-type': (answer) => delete answer.body.token_type,
  'no-access-token': (answer) => delete answer.body.access_token,
  'line-break-in-token': (answer) => Object.assign(answer.body, { access_token: 'two\r\nlines' }),
  'unknown-members': (answer) =>
    Object.assign(answer.body, { instance_url: 'https://my.example', issuer: 'https://another.example', n: [1, null] }),
  'http-500': (answer) => error(answer, 500, { message: 'kaputt' }),
  'error-with-200': (answer) => error(answer, 200, { error: 'invalid_grant', error_description: SCRIPT }),
  'invalid-client': (answer) => error(answer, 401, { error: 'invalid_client' }),
  array: (answer) => error(answer, 200, ['an', 'array']),
  html: (_answer, request) => {
    request.res.json = () => request.res.type('html').send('<!DOCTYPE html><title>Sign in to the hotel network</title>');
  },
  redirect: (_answer, request) => {
    request.res.json = () => request.res.redirect(307, `${issuer.url}/elsewhere`);
  },
  'cut-off': (_answer, request) => {
    request.res.json = () => {
      request.res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
      request.res.write('{"access_token":');
      setTimeout(() => request.socket.destroy(), 50);
    };
  },
};

const issuer = new OAuth2Issuer();
const service = new OAuth2Service(issuer);
await issuer.keys.generate('RS256');

// How often each client asked for tokens, and what came to the place that a redirect points at: GET /seen tells.
const seen = {};
const count = (name) => (seen[name] = (seen[name] ?? 0) + 1);

service.on('beforeAuthorizeRedirect', (redirect, request) => {
  const { client_id: fault } = request.query;
  REDIRECT_FAULTS[fault]?.(redirect.url);
});
service.on('beforeResponse', (answer, request) => {
  const { client_id: fault } = request.body;
  count(fault);
  TOKEN_FAULTS[fault]?.(answer, request);
});

const server = createServer((request, response) => {
  if (request.url === '/seen') return response.end(JSON.stringify(seen));
  if (request.url === '/elsewhere') count('elsewhere');
  return service.requestHandler(request, response);
});
server.listen(Number(options.port), '127.0.0.1', () => {
  issuer.url = `http://127.0.0.1:${server.address().port}`;
  ready({
    issuer: issuer.url,
    redirect_faults: Object.keys(REDIRECT_FAULTS),
    token_faults: Object.keys(TOKEN_FAULTS),
  });
});
