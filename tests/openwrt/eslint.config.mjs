// SPDX-License-Identifier: GPL-3.0-or-later
// For the dashboard's scripts and those that drive browsers.
import js from '@eslint/js';

const names = text => Object.fromEntries(text.split(' ')
	.map(name => [name, 'readonly']));

export default [{
	linterOptions: { reportUnusedDisableDirectives: 'error' },
	languageOptions: {
		sourceType: 'module', ecmaVersion: 2022,
		// much of what a driver says is run in the page
		globals: names('window document location history navigator ' +
			'console process URL URLSearchParams Blob FormData fetch ' +
			'setTimeout clearTimeout setInterval clearInterval ' +
			'getComputedStyle matchMedia addEventListener ' +
			'localStorage sessionStorage innerHeight innerWidth ' +
			'requestAnimationFrame ResizeObserver uPlot Intl ' +
			'DOMException PerformanceObserver structuredClone Buffer ' +
			'AbortSignal OffscreenCanvas TextEncoder atob ' +
			'devicePixelRatio')
	},
	rules: {
		...js.configs.recommended.rules,
		'no-control-regex': 'off', 'no-eval': 'error',
		'no-implied-eval': 'error', 'no-new-func': 'error',
		'prefer-const': ['error', { destructuring: 'all' }]
	}
}];
