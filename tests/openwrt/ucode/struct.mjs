// SPDX-License-Identifier: GPL-3.0-or-later
// ucode's module struct (lib/struct.c, after Python's): '=' is the machine's
// byte order with no gaps, which here is little-endian, '!' that of networks. Of
// bytes that are too few, unpack() makes null.
import os from 'node:os';

if (os.endianness() != 'LE')
	throw new Error('these stubs are little-endian');

const sizes = { B: 1, H: 2, I: 4, i: 4 };

function* fields(format)
{
	if (!'=!'.includes(format[0]))
		throw new Error('gaps depend on the machine');
	for (const [ , count, code ] of format.slice(1).matchAll(/(\d*)([BHIisx])/g))
		if (code == 's' || code == 'x')
			yield [ code, count ? +count : 1 ];
		else
			for (let i = 0; i < (count ? +count : 1); i++)
				yield [ code, sizes[code] ];
}

export function pack(format, ...values)
{
	let out = '';

	for (const [ code, size ] of fields(format)) {
		const value = code == 'x' ? '' : values.shift();

		if (code == 's' || code == 'x') {
			if (typeof value != 'string')
				throw new Error("Argument for 's' must be a string");
			out += value.slice(0, size).padEnd(size, '\0');
			continue;
		}
		if (code == 'i')
			throw new Error('packing of signed numbers is not here');
		if (!Number.isInteger(value) || value < 0 || value >= 256 ** size)
			throw new Error('Argument out of range');
		const bytes = [];

		for (let i = 0, left = value; i < size; i++) {
			bytes.push(left % 256);
			left = Math.floor(left / 256);
		}
		out += String.fromCharCode(
			...(format[0] == '!' ? bytes.reverse() : bytes));
	}
	if (values.length)
		throw new Error('Too many arguments');
	return out;
}

export function unpack(format, bytes, from = 0)
{
	const out = [];
	let at = from < 0 ? from + bytes.length : from;

	if (at < 0 || at >= bytes.length)
		return null;

	for (const [ code, size ] of fields(format)) {
		const part = bytes.slice(at, at += size);

		if (part.length < size)
			return null;
		if (code == 's')
			out.push(part);
		if (code == 's' || code == 'x')
			continue;
		const digits = format[0] == '!' ? [ ...part ] :
			[ ...part ].reverse();
		const value = digits.reduce(
			(sum, c) => sum * 256 + c.charCodeAt(0), 0);

		out.push(code == 'i' ? value | 0 : value);
	}
	return out;
}
