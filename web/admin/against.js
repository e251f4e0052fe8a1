// SPDX-License-Identifier: GPL-3.0-or-later
// What two periods say together: which is more, and whether one may say so.
import { total } from './api.js';
import { exact, number, percent } from './format.js';
import { t } from './words.js';

export const FEW = 0.1; // below that a part has a decimal
const RATIO_BANDS = 5; // so many bands make a base for percent

// Pairs of figures [now, then] where both were counted, as sums of each.
export function sumPairs(pairs) {
	const both = pairs.filter(([now, then]) => now && then);

	return both.length ? { count: both.length,
		of: pairs.filter(([now]) => now).length,
		now: total(both.map(pair => pair[0])),
		then: total(both.map(pair => pair[1])) } : null;
}

// A sentence; pair: of sumPairs(), name: of what, then: of when.
export function tellPair(pair, then, format = number) {
	if (!pair)
		return t('against_nothing', { w: then });
	const difference = pair.now.value - pair.then.value;
	const band = Math.hypot(pair.now.band, pair.then.band);
	const fill = { w: then, a: exact(pair.now, format),
		b: exact(pair.then, format),
		d: format(Math.abs(difference)), e: format(Math.ceil(band)),
		p: pair.then.value > RATIO_BANDS * pair.then.band
			? percent(Math.abs(difference), pair.then.value,
				Math.abs(difference) < pair.then.value * FEW ? 1 : 0)
			: format(Math.abs(difference)) };
	const said = Math.abs(difference) <= band ? 'against_same'
		: difference > 0 ? 'against_more' : 'against_less';

	return t(said, fill) + (pair.count < pair.of
		? ' ' + t('against_days', { n: pair.count }) : '');
}
