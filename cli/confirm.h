// The question before something that cannot be undone.
#pragma once

#include <string_view>

namespace cli {

/// Prints the sentence as a warning and asks. Only "y" or "yes" is a yes; the end of the input is none.
bool confirm(std::string_view sentence);

} // namespace cli
