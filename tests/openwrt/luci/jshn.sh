# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=dash
#
# As much of libubox's shell library as the rpcd plugin uses, written after the
# behaviour of openwrt/libubox, sh/jshn.sh and jshn.c (2024):
# - json_load evaluates what `jshn -r TEXT` prints; TEXT that is no object
#   prints nothing but a complaint, so what was there before stays, and
#   json_load succeeds all the same;
# - otherwise it begins with json_init, which forgets all variables;
# - letters, digits and _ of a key stay, anything else becomes _;
# - json_get_var and json_get_type set and export, and fail where the key is not.
# What lies within another object or array cannot be read here, only written,
# and arrays not even that.

json_init()
{
	local key

	for key in $JSON_KEYS; do
		unset "J_V_$key" "T_J_V_$key"
	done
	JSON_KEYS=
	JSON_TEXT=
	JSON_DEPTH=0
}

json_add() # TYPE KEY VALUE JSON
{
	JSON_TEXT="$JSON_TEXT\"$2\":$4"
	[ "$JSON_DEPTH" = 0 ] || return 0
	JSON_KEYS="${JSON_KEYS:+$JSON_KEYS }$2"
	export -- "J_V_$2=$3" "T_J_V_$2=$1"
}

json_add_string()
{
	local text=$2

	case $text in
	*[\"\\]*) text=$(printf %s "$text" | sed 's/["\\]/\\&/g') ;;
	esac
	json_add string "$1" "$2" "\"$text\","
}

json_add_int() { json_add int "$1" "$2" "$2,"; }
json_add_double() { json_add double "$1" "$2" "$2,"; }
json_add_null() { json_add null "$1" "" null,; }

json_add_boolean()
{
	case $2 in
	0) json_add boolean "$1" 0 false, ;;
	*) json_add boolean "$1" 1 true, ;;
	esac
}

json_add_table()
{
	json_add "$1" "$2" "" "{"
	JSON_DEPTH=$((JSON_DEPTH + 1))
}

json_close_table()
{
	JSON_TEXT="${JSON_TEXT%,}},"
	JSON_DEPTH=$((JSON_DEPTH - 1))
}

json_add_object() { json_add_table object "$1"; }
json_add_array() { json_add_table array "$1"; }
json_close_object() { json_close_table; }
json_close_array() { json_close_table; }

json_load()
{
	eval "$(jshn -r "$1")"
}

# Line ends are the only control characters that the plugin writes.
json_dump()
{
	local text="{${JSON_TEXT%,}}" out=

	while :; do
		case $text in
		*"
"*) ;;
		*) break ;;
		esac
		out="$out${text%%"
"*}\\n"
		text=${text#*"
"}
	done
	printf '%s\n' "$out$text"
}

json_get_keys()
{
	export -- "$1=$JSON_KEYS"
}

json_get_type()
{
	eval "export -- \"$1=\${T_J_V_$2}\"; [ -n \"\${T_J_V_$2+x}\" ]"
}

json_get_var()
{
	eval "export -- \"$1=\${J_V_$2}\"; [ -n \"\${J_V_$2+x}\" ]"
}
