// SPDX-License-Identifier: GPL-3.0-or-later
// What LuCI's eslint.config.mjs (2026) asks of views and of JSON, and more:
// nothing undefined or unused, nothing that makes code of text, and of syntax
// only what LuCI's minifier reads.
import js from '@eslint/js';
import json from '@eslint/json';

const names = text => Object.fromEntries(text.split(' ')
	.map(name => [name, 'readonly']));

export default [
	{
		files: ['**/*.json'], language: 'json/json', plugins: { json },
		rules: { ...json.configs.recommended.rules,
			'json/no-duplicate-keys': 'error' }
	},
	{
		files: ['**/*.js'], ...js.configs.recommended,
		linterOptions: { reportUnusedDisableDirectives: 'error' },
		languageOptions: {
			sourceType: 'script', ecmaVersion: 2018,
			parserOptions: { ecmaFeatures: { globalReturn: true } },
			globals: names('_ L E window document Blob Node URL Promise ' +
				'baseclass dom form poll rpc ui uci view widgets chart ' +
				'fields figures forms gate labels options preview tools')
		},
		rules: {
			...js.configs.recommended.rules,
			'no-control-regex': 'off', 'no-prototype-builtins': 'off',
			'no-useless-escape': 'off', // a / within [] ends the minifier's regex
			'no-eval': 'error', 'no-implied-eval': 'error',
			'no-new-func': 'error', 'no-script-url': 'error',
			'no-restricted-properties': ['error',
				...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'write']
					.map(property => ({ property }))],
			'no-restricted-syntax': ['error', 'TemplateLiteral',
				'ReturnStatement > Literal[regex]',
				'CallExpression[callee.name="E"] > :nth-child(3)' +
					':not(ArrayExpression):not(CallExpression)' +
					':not(Identifier)'],
			'no-unused-vars': ['error', { args: 'after-used' }],
			'prefer-const': 'error'
		}
	}
];
