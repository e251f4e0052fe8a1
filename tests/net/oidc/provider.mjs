// SPDX-License-Identifier: GPL-3.0-or-later
// A certified OpenID provider, on a host of the internet:
// provider.mjs OPTIONS, a JSON object: issuer, address, port, certificate, key
// (files), client (its metadata), keys (names, made anew each time). Whoever types a name has an account
// with the claim role: the name itself. Says "ready" when it listens, and what
// came of each logout that it told the client.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const o = JSON.parse(process.argv[2]);

function makeKey(kid) {
	const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

	return { ...pair.privateKey.export({ format: 'jwk' }), kid,
		use: 'sig', alg: 'RS256' };
}

const provider = new Provider(o.issuer, {
	clients: [{ response_types: ['code'], grant_types: ['authorization_code'],
		...o.client }],
	jwks: { keys: o.keys.map(makeKey) },
	cookies: { keys: ['of a test'] },
	claims: { openid: ['sub', 'role'] },
	conformIdTokenClaims: false,
	pkce: { required: () => true },
	features: {
		devInteractions: { enabled: true },
		backchannelLogout: { enabled: true },
	},
	ttl: { IdToken: 600, AccessToken: 600, Session: 3600, Grant: 3600,
		Interaction: 600, AuthorizationCode: 60 },
	findAccount: (ctx, id) => ({ accountId: id,
		claims: () => ({ sub: id, role: id }) }),
});

provider.on('backchannel.success', (ctx, client, account) =>
	console.log(`logout: ${account}`));
provider.on('backchannel.error', (ctx, error) =>
	console.log(`logout: ${error.message}`));

createServer({ cert: readFileSync(o.certificate), key: readFileSync(o.key) },
	provider.callback()).listen(o.port, o.address,
	() => console.log('ready'));
