// Token exchange (RFC 8693) as a grant of oidc-provider, with introspection and revocation.
//
// CLIENT_KEY is the public key of the client "signer", as a JWK.

import { errors } from 'oidc-provider';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const SECRET = 'a secret: 100% + ~*/&=?';

const client = (id, method, metadata) => ({
  client_id: id,
  token_endpoint_auth_method: method,
  grant_types: [EXCHANGE],
  response_types: [],
  redirect_uris: [],
  ...metadata,
});

export function configureTokenExchange(configuration) {
  const key = process.env.CLIENT_KEY && JSON.parse(process.env.CLIENT_KEY);
  configuration.clients.push(
    client('basic:%', 'client_secret_basic', { client_secret: SECRET }),
    client('post', 'client_secret_post', { client_secret: SECRET }),
    client('public', 'none'),
    ...(key ? [client('signer', 'private_key_jwt', { jwks: { keys: [key] } })] : []),
  );
  configuration.features.introspection = { enabled: true };
  configuration.features.revocation = { enabled: true };
  configuration.extraTokenClaims = (ctx) => ctx.state.claims;
}

export function registerTokenExchange(provider) {
  const find = async (value, name) => {
    const token = await provider.AccessToken.find(value);
    if (!token?.isValid) throw new errors.InvalidRequest(`the ${name} is not valid`);
    return token;
  };

  async function exchange(ctx) {
    const { client, params } = ctx.oidc;
    if (params.subject_token_type !== ACCESS_TOKEN) throw new errors.InvalidRequest('wrong type');
    const subject = await find(params.subject_token, 'subject_token');
    const actor = params.actor_token && (await find(params.actor_token, 'actor_token'));
    const audiences = [params.audience ?? []].flat();
    if (audiences.includes('forbidden')) throw new errors.InvalidTarget('no such audience');

    // Introspection shows them.
    ctx.state.claims = {
      audiences,
      ...(actor && { act: { sub: actor.accountId, iss: provider.issuer } }),
    };
    const scope = params.scope ?? subject.scope;
    const owner = { accountId: subject.accountId, clientId: client.clientId };
    const grant = new provider.Grant(owner);
    grant.addOIDCScope(scope);
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

  const names = [
    ...['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'],
    ...['requested_token_type', 'audience', 'scope'],
  ];
  provider.registerGrantType(EXCHANGE, exchange, names, ['audience']);
}
