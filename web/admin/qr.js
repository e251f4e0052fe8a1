// SPDX-License-Identifier: GPL-3.0-or-later
// QR codes as the box has made them: { size, bits }, rows of modules in
// base64url, 1 is dark.

const QR_NS = 'http://www.w3.org/2000/svg';
const QUIET = 4; // modules of white around it

function qrPath({ size, bits }) {
	const bytes = atob(bits.replaceAll('-', '+').replaceAll('_', '/'));
	const isDark = (x, y) => {
		const i = y * size + x;

		return x < size && bytes.charCodeAt(i >> 3) >> 7 - i % 8 & 1;
	};
	let path = '';

	for (let y = 0; y < size; y++)
		for (let x = 0; x < size; x++) {
			const first = x;

			while (isDark(x, y))
				x++;
			if (x > first)
				path += `M${first + QUIET} ${y + QUIET}h${
					x - first}v1h-${x - first}z`;
		}
	return path;
}

// what: what screen readers say of it.
export function qrPicture(qr, what) {
	const svg = document.createElementNS(QR_NS, 'svg');
	const whole = qr.size + 2 * QUIET;
	const draw = (d, fill) => {
		const path = document.createElementNS(QR_NS, 'path');

		path.setAttribute('d', d);
		path.setAttribute('fill', fill);
		svg.append(path);
	};

	svg.setAttribute('viewBox', `0 0 ${whole} ${whole}`);
	svg.setAttribute('shape-rendering', 'crispEdges');
	svg.setAttribute('role', 'img');
	svg.setAttribute('aria-label', what);
	draw(`M0 0h${whole}v${whole}H0z`, '#fff');
	draw(qrPath(qr), '#000');
	return svg;
}
