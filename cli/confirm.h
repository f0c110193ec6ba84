// The question before something that cannot be undone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// Prints the sentence as a warning and asks. Only "y" or "yes" is a yes; the end of the input is none.
bool confirm(std::string_view sentence);

/// Shows the answers with numbers on standard error and reads one from standard input, a terminal. Throws Error for none.
std::size_t choose(const std::string& question, const std::vector<std::string>& answers);

} // namespace cli
