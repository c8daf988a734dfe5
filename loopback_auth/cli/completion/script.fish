# Completion of loopback-auth for fish.
function __loopback_auth_words
    set -l words (commandline -opc) (commandline -ct)
    set -l found (loopback-auth completion words -- $words[2..-1] 2>/dev/null)
    if test $status -ne 0
        __fish_complete_path (commandline -ct)
        return
    end
    printf '%s\n' $found
end
complete -c loopback-auth -f -a '(__loopback_auth_words)'
