# Completion of loopback-auth for bash.
_loopback_auth() {
    local line found
    COMPREPLY=()
    found=$(loopback-auth completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || {
        compopt -o default 2>/dev/null
        return
    }
    while IFS= read -r line; do
        [ -n "$line" ] && COMPREPLY+=("${line%%$'\t'*}")
    done <<<"$found"
}
complete -F _loopback_auth loopback-auth
