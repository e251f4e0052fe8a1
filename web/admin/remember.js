// SPDX-License-Identifier: GPL-3.0-or-later
// What this browser remembers of its user: storage may be forbidden.
import { languages } from './words.js';

export function recall(name) {
	try {
		return localStorage.getItem('stadttor-' + name);
	} catch {
		return null;
	}
}

export function remember(name, value) {
	try {
		localStorage.setItem('stadttor-' + name, value);
	} catch {
		// Then it lasts as long as the page.
	}
}

export function recallLanguage() {
	return recall('language') ?? (navigator.languages ?? [])
		.map(l => l.slice(0, 2).toLowerCase())
		.find(l => languages[l]) ?? 'en';
}

// Checks what was chosen, of the radio buttons of that name.
export function choose(name, value, then) {
	for (const input of document.getElementsByName(name)) {
		input.checked = input.value === String(value);
		input.addEventListener('change', () => then(input.value));
	}
}
