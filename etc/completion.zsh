#compdef stadttor
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion for stadttor(8), which itself says what may come next. Where that
# is nothing, it is the name of a file.
local -a next
next=(${(f)"$(stadttor complete -- "${(@)words[2,CURRENT-1]}" 2>/dev/null)"})
compadd -a next || _files
