// Signals as users and images write them: "SIGTERM", "term", "15", "RTMIN+3".
#pragma once

#include <string>
#include <string_view>

namespace lib {

/// Throws Error naming the text.
int parse_signal(std::string_view text);
/// "SIGTERM"; "SIGRTMIN+3"; the number for what has no name.
std::string signal_name(int signal);

} // namespace lib
