#!/bin/bash
# Holds the man pages and the completion scripts to `ctl --help`: every command and every option that the help shows is in
# them, the pages format without a warning, the scripts load, and bash, zsh and fish complete with them.
#
#   docs_sync.sh BUILD_DIR
set -uo pipefail
build=$(cd "$1" && pwd)
export PATH=$build/cli:$PATH # the scripts ask ctl for names
ctl=$build/cli/ctl man=$build/man scripts=$build/completions
failed=0 skipped=""
complain() { echo "docs_sync: $*"; failed=1; }

# The options that a help text shows, one a line: "-e", "--env".
shown_options() { sed -n '/^Options:/,/^$/s/^  \(-[^ ]*\).*/\1/p' | tr ',' '\n'; }
shown_commands() { sed -n '/^Options:/,$p' <<<"$1" | sed -n '1,/^$/d; s/^  \([a-z-]*\) .*/\1/p'; }
shown_groups() { sed -n '/^Groups of commands:/,/^$/p' <<<"$1" | sed -n 's/^  \([a-z-]*\) .*/\1/p'; }
own_name() { sed -n 's/^Usage: ctl \(.*\) \[options\].*/\1/p' <<<"$1"; } # of the command whose help this is: aliases have none

check_page() { # NAME HELP
    local page=$man/$1.1 option
    [ -f "$page" ] || { complain "there is no man page $1(1): is it in command_names of cli/meson.build?"; return; }
    for option in $(shown_options <<<"$2"); do
        grep -qF -- "\\fB${option//-/\\-}\\fR" "$page" || complain "$1(1) says nothing about $option"
    done
    [ "$(grep -n '^\.SH EXAMPLES' "$page" | cut -d: -f1)" -lt "$(grep -n '^\.SH OPTIONS' "$page" | cut -d: -f1)" ] ||
        complain "$1(1) has its examples behind its options"
    if command -v groff >/dev/null; then
        local warnings
        warnings=$(groff -ww -man -Tutf8 "$page" 2>&1 >/dev/null)
        [ -z "$warnings" ] || complain "$1(1): $warnings"
    else
        skipped+=" groff"
    fi
}

# Asks the bash script's own function what it offers for an option of a command.
check_completions() { # COMMAND HELP
    local option long short
    for option in $(shown_options <<<"$2"); do
        grep -qwF -- "$option" <<<"$(bash_offers "ctl $1 $option")" || complain "bash does not complete ctl $1 $option"
        grep -qF -- "$option" <<<"$(sed -n "/^_ctl_command_${1// /_}()/,/^}/p" "$scripts/_ctl")" ||
            complain "zsh does not know ctl $1 $option"
        long=${option#--} short=${option#-}
        [ "$long" = "$option" ] && long="-s $short" || long="-l $long"
        grep -qF -- " $long " <<<"$(grep -F -- "__ctl_at_options ${1// /_}'" "$scripts/ctl.fish")" || complain "fish does not know ctl $1 $option"
    done
}

bash_offers() { # LINE
    bash --norc -c 'source "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _ctl; printf "%s\n" "${COMPREPLY[@]}"' - "$scripts/ctl.bash" "$1"
}

check_shells() {
    bash -n "$scripts/ctl.bash" || complain "bash cannot read its script"
    grep -q -- '-F _ctl ctl' <<<"$(bash --norc -c 'source "$1"; complete -p ctl' - "$scripts/ctl.bash")" ||
        complain "the bash script does not register itself"
    [ "$(bash_offers 'ctl run --network=h')" = host ] || complain "bash does not complete the values of ctl run --network="
    [ -z "$(bash_offers 'ctl run image --')" ] || complain "bash completes ctl's options behind the image"
    if command -v zsh >/dev/null; then
        zsh -n "$scripts/_ctl" || complain "zsh cannot read its script"
        zsh -f -c 'autoload -U compinit; compinit -u -D; source $1; (( $+functions[_ctl_command_run] ))' - "$scripts/_ctl" ||
            complain "zsh cannot load its script"
    else
        skipped+=" zsh"
    fi
    if command -v fish >/dev/null; then
        fish -n "$scripts/ctl.fish" || complain "fish cannot read its script"
        [ "$(fish --no-config -c 'source $argv[1]; complete -C "ctl run --det"' "$scripts/ctl.fish" 2>/dev/null | cut -f1 | tr '\n' ' ')" = "--detach --detach-keys " ] ||
            complain "fish does not complete ctl run --det"
    else
        skipped+=" fish"
    fi
}

# What holds for a command under any of its names.
check_command() { # NAME
    local words text name page
    read -ra words <<<"$1"
    text=$("$ctl" "${words[@]}" --help) || complain "ctl $1 --help fails"
    [ -n "$(shown_options <<<"$text")" ] || complain "ctl $1 --help shows no options"
    name=$(own_name "$text")
    page=ctl-${name// /-}
    if [ "$name" = "$1" ]; then
        check_page "$page" "$text"
        check_completions "$1" "$text"
        grep -qF -- "\\fB${page//-/\\-}\\fR(1)" "$man/ctl.1" || complain "ctl(1) does not list $page"
    else
        grep -qF -- "\\fBctl $1\\fR" "$man/$page.1" || complain "$page(1) does not say that $1 is the same"
        grep -qx -- --help <<<"$(bash_offers "ctl $1 --h")" || complain "bash does not complete the options of ctl $1"
        grep -qF "_ctl_command_${1// /_}()" "$scripts/_ctl" || complain "zsh does not know ctl $1"
        grep -qF "case ${1// /_}" "$scripts/ctl.fish" || complain "fish does not know ctl $1"
    fi
}

help=$("$ctl" --help) || complain "ctl --help fails"
commands=$(shown_commands "$help")
[ -n "$commands" ] || complain "ctl --help shows no commands"
check_page ctl "$help"
for command in $commands; do
    check_command "$command"
    grep -qwF -- "$command" <<<"$(bash_offers "ctl ")" || complain "bash does not complete ctl $command"
    grep -qF "'$command:" "$scripts/_ctl" || complain "zsh does not know ctl $command"
    grep -qF -- "-n __ctl_needs_command -a $command " "$scripts/ctl.fish" || complain "fish does not know ctl $command"
done
for group in $(shown_groups "$help"); do
    members=$(shown_commands "$("$ctl" "$group" --help)")
    [ -n "$members" ] || complain "ctl $group --help shows no commands"
    for member in $members; do
        check_command "$group $member"
        grep -qwF -- "$member" <<<"$(bash_offers "ctl $group ")" || complain "bash does not complete ctl $group $member"
        grep -qF -- "'__ctl_at_argument $group 0' -a $member " "$scripts/ctl.fish" || complain "fish does not complete ctl $group $member"
    done
done
check_shells

echo "docs_sync: $(wc -w <<<"$commands") commands"
[ -z "$skipped" ] || echo "docs_sync: not checked, as not installed: $(tr ' ' '\n' <<<"$skipped" | sort -u | tr '\n' ' ')"
exit $failed
