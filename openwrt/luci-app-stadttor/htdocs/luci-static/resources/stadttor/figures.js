// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of the method "usage", columns of equal length, as slots of a chart.
// Times are the box's: they are cut out of its texts, never computed anew.
'use strict';
'require baseclass';

function isHour(usage) {
	return usage.step === 'hour';
}

// "2026-11-24" -> days since 1970; and back.
function dayNumber(text) {
	return Date.parse(text + 'T00:00:00Z') / 86400000;
}

function dayText(number) {
	return new Date(number * 86400000).toISOString().substring(0, 10);
}

return baseclass.extend({
	isEmpty: function(usage) {
		return !usage.time || !usage.time.length;
	},

	// Of hours the devices of each, else those of the day.
	visitors: function(usage) {
		return isHour(usage) ? 'online' : 'visitors';
	},

	label: function(usage, i) {
		const time = usage.time[i];

		return isHour(usage) ? time.substring(0, 16).replace('T', ' ') : time;
	},

	// What is not of that slot is left out. Below nothing is noise, which is
	// cut here, where it is drawn.
	sum: function(usage, metric, begins) {
		const values = (usage.values || {})[metric] || [];

		return Math.max(0, (usage.time || []).reduce(function(sum, time, i) {
			return begins(time) ? sum + values[i] : sum;
		}, 0));
	},

	// The 24 hours of a day.
	hours: function(usage, metric) {
		const slots = [];

		for (let hour = 0; hour < 24; hour++) {
			const two = (hour < 10 ? '0' : '') + hour;

			slots.push({ label: two, value: this.sum(usage, metric,
				function(time) { return time.substring(11, 13) === two; }) });
		}
		return slots;
	},

	// Each day from the answer's first to its last, at most 400.
	days: function(usage, metric) {
		const times = usage.time || [];
		const from = usage.from || (times[0] || '').substring(0, 10);
		const to = usage.to ||
			(times[times.length - 1] || '').substring(0, 10);
		const slots = [];

		if (!from || !to)
			return slots;
		for (let day = dayNumber(from);
			day <= dayNumber(to) && slots.length < 400; day++) {
			const date = dayText(day);

			slots.push({ label: date.substring(5), value: this.sum(usage,
				metric, function(time) {
					return time.substring(0, 10) === date; }) });
		}
		return slots;
	},

	// As many slots as the answer has lines.
	lines: function(usage, metric) {
		const values = (usage.values || {})[metric] || [];

		return (usage.time || []).map(function(time, i) {
			return { label: this.label(usage, i),
				value: Math.max(0, values[i]) };
		}, this);
	}
});
