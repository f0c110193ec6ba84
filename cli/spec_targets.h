// Options by which several commands choose their containers, and the keys that leave one. For cli/spec_*.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec latest_option{.long_name = "latest", .short_name = 'l', .help = "The container made last"};
inline constexpr OptionSpec cidfile_option{.long_name = "cidfile", .value = "FILE", .repeatable = true,
                                           .help = "The container whose id is in a file", .completes = Completes::files};
inline constexpr std::string_view filter_help =
    "Those of what --all means that match: id=, name=, label=, status=, ancestor= and the other keys of `ctl ps`";
inline constexpr OptionSpec filter_option{.long_name = "filter", .short_name = 'f', .value = "KEY=VALUE", .repeatable = true,
                                          .help = filter_help};
inline constexpr OptionSpec detach_keys_option{
    .long_name = "detach-keys", .value = "KEYS", .default_text = "ctrl-p,ctrl-q",
    .help = "Keys that leave the container running, while your terminal is attached: letters and ctrl-LETTER,\n"
            "separated by commas; empty for none"};
inline constexpr OptionSpec sig_proxy_option{.long_name = "sig-proxy", .default_text = "true",
                                             .help = "Pass your signals on to the container; --sig-proxy=false keeps them"};

/// For the commands that can do without a name, and check themselves what was given.
inline constexpr ArgumentSpec optional_container_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .required = false, .repeatable = true,
     .completes = Completes::containers},
};
inline constexpr ArgumentSpec optional_running_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .required = false, .repeatable = true,
     .completes = Completes::running_containers},
};

} // namespace cli
