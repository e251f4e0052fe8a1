# SPDX-License-Identifier: GPL-3.0-or-later
# bash-completion for stadttor(8), which itself says what may come next. Where
# that is nothing, it is the name of a file.
_stadttor()
{
	local IFS=$'\n'
	COMPREPLY=($(compgen -W "$(stadttor complete -- \
		"${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)" \
		-- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _stadttor stadttor
