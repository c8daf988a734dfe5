#compdef loopback-auth
# Completion of loopback-auth for zsh.
_loopback_auth() {
    local found line
    local -a words_found
    found=$(loopback-auth completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null) || {
        _files
        return
    }
    for line in "${(@f)found}"; do
        [[ -n $line ]] && words_found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    _describe loopback-auth words_found
}
if [ "$funcstack[1]" = _loopback_auth ] || [ "$funcstack[1]" = _loopback-auth ]; then
    _loopback_auth
else
    compdef _loopback_auth loopback-auth
fi
