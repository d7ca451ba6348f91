// An OpenID provider on a free port of 127.0.0.1, for the tests: oidc-provider, plus users.
//
// It prints one line, {"issuer": "..."}, as soon as it answers, and exits when its stdin
// closes: then it cannot outlive the test run, however that ends.
// USERINFO_ROUTE moves the UserInfo endpoint from /userinfo. CLIENT_JWKS has the public keys for
// which profiles are encrypted. CLIENT_KEY is the public key of the client "signer", as a JWK.
// Clients other than "json" and "jwt" may exchange tokens.

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { Provider, errors } from 'oidc-provider';

const USERS = {
  ada: {
    sub: 'ada',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    email_verified: true,
    updated_at: 1700000000,
    address: { locality: 'London', country: 'GB' },
    'https://example.com/roles': ['author', 'admin'],
  },
  grace: { sub: 'grace', name: 'Grace Hopper', email: 'grace@example.com', email_verified: false },
};
const registered = new Set();

const publicClient = (id, metadata) => ({
  client_id: id,
  token_endpoint_auth_method: 'none',
  grant_types: ['password'],
  response_types: [],
  redirect_uris: [],
  ...metadata,
});

const privateJwk = (type, options) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  use: 'sig',
});

const encrypted = (id, alg, keyAlg, enc) =>
  publicClient(id, {
    jwks: JSON.parse(process.env.CLIENT_JWKS),
    userinfo_signed_response_alg: alg,
    userinfo_encrypted_response_alg: keyAlg,
    userinfo_encrypted_response_enc: enc,
  });

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const SECRET = 'a secret: 100% + ~*/&=?';
const exchangingClient = (id, method, metadata) =>
  publicClient(id, { token_endpoint_auth_method: method, grant_types: [EXCHANGE], ...metadata });
const clientKey = process.env.CLIENT_KEY && JSON.parse(process.env.CLIENT_KEY);

const configuration = {
  clients: [
    publicClient('json'),
    publicClient('jwt', { userinfo_signed_response_alg: 'RS256' }),
    publicClient('ps256', { userinfo_signed_response_alg: 'PS256' }),
    publicClient('es256', { userinfo_signed_response_alg: 'ES256' }),
    ...(process.env.CLIENT_JWKS
      ? [
          encrypted('rsa', 'RS256', 'RSA-OAEP', 'A128CBC-HS256'),
          encrypted('rsa-256', 'ES256', 'RSA-OAEP-256', 'A256GCM'),
          encrypted('ecdh', 'ES256', 'ECDH-ES', 'A128GCM'),
          encrypted('ecdh-kw', 'RS256', 'ECDH-ES+A256KW', 'A256CBC-HS512'),
        ]
      : []),
    exchangingClient('basic:%', 'client_secret_basic', { client_secret: SECRET }),
    exchangingClient('post', 'client_secret_post', { client_secret: SECRET }),
    exchangingClient('public', 'none'),
    ...(clientKey ? [exchangingClient('signer', 'private_key_jwt', { jwks: { keys: [clientKey] } })] : []),
  ],
  jwks: {
    keys: [
      privateJwk('rsa', { modulusLength: 2048 }),
      privateJwk('ec', { namedCurve: 'P-256' }),
    ],
  },
  clockTolerance: 0, // Otherwise a token outlives its time by many seconds.
  claims: {
    openid: ['sub'],
    profile: ['name', 'updated_at', 'https://example.com/roles'],
    email: ['email', 'email_verified'],
    address: ['address'],
  },
  enabledJWA: {
    userinfoEncryptionAlgValues: ['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'],
  },
  features: {
    devInteractions: { enabled: false },
    encryption: { enabled: true },
    introspection: { enabled: true },
    jwtUserinfo: { enabled: true },
    revocation: { enabled: true },
  },
  extraTokenClaims: (ctx) => ctx.state.claims,
  findAccount: (ctx, id) =>
    registered.has(id) ? { accountId: id, claims: () => USERS[id] } : undefined,
  routes: { userinfo: process.env.USERINFO_ROUTE ?? '/userinfo' },
  ttl: { Grant: 3600, IdToken: 3600 },
};

// A token for a user's name, no browser and no password: tokens are all the tests want.
async function passwordGrant(ctx) {
  const { client, params } = ctx.oidc;
  const { username, scope, expires_in } = params;
  if (!Object.hasOwn(USERS, username)) throw new errors.InvalidGrant('no such user');
  // Anew at each login, so that a test which deletes a user takes it from no other test.
  registered.add(username);

  const owner = { accountId: username, clientId: client.clientId };
  const grant = new provider.Grant(owner);
  grant.addOIDCScope(scope);
  const token = new provider.AccessToken({
    ...owner,
    client,
    grantId: await grant.save(),
    gty: 'password',
    scope,
    expiresIn: Number(expires_in),
  });
  ctx.body = { access_token: await token.save(), token_type: 'Bearer' };
}

// RFC 8693. The actor is in the new token, as introspection shows.
async function exchangeGrant(ctx) {
  const { client, params } = ctx.oidc;
  const find = async (value, name) => {
    const token = await provider.AccessToken.find(value);
    if (!token?.isValid) throw new errors.InvalidRequest(`the ${name} is not valid`);
    return token;
  };
  if (params.subject_token_type !== ACCESS_TOKEN) throw new errors.InvalidRequest('wrong type');
  const subject = await find(params.subject_token, 'subject_token');
  const actor = params.actor_token && (await find(params.actor_token, 'actor_token'));
  const audience = [params.audience ?? []].flat();
  if (audience.includes('forbidden')) throw new errors.InvalidTarget('no such audience');

  const scope = params.scope ?? subject.scope;
  const owner = { accountId: subject.accountId, clientId: client.clientId };
  const grant = new provider.Grant(owner);
  grant.addOIDCScope(scope);
  ctx.state.claims = {
    audiences: audience,
    ...(actor && { act: { sub: actor.accountId, iss: provider.issuer } }),
  };
  const token = new provider.AccessToken({
    ...owner,
    client,
    grantId: await grant.save(),
    gty: 'token_exchange',
    scope,
    expiresIn: 600,
  });
  ctx.body = {
    access_token: await token.save(),
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: 600,
    scope,
  };
}

// DELETE /users/{name}
async function deleteUser(ctx, next) {
  const name = ctx.method === 'DELETE' && ctx.path.match(/^\/users\/(\w+)$/)?.[1];
  if (!name) return next();
  ctx.status = registered.delete(name) ? 204 : 404;
}

// The issuer holds the port, so the port comes first.
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, configuration);
provider.registerGrantType('password', passwordGrant, ['username', 'scope', 'expires_in']);
provider.registerGrantType(
  EXCHANGE,
  exchangeGrant,
  [
    ...['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'],
    ...['requested_token_type', 'audience', 'scope'],
  ],
  ['audience'],
);
provider.use(deleteUser);
server.on('request', provider.callback());

process.stdin.on('close', () => process.exit()).resume();
console.log(JSON.stringify({ issuer }));
