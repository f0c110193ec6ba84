// See cli/confirm.h.
#include "cli/confirm.h"

#include "base/error.h"
#include "cli/output.h"

#include <iostream>
#include <string>

namespace cli {

bool confirm(std::string_view sentence) {
    print(cat("WARNING! ", sentence, "\nAre you sure you want to continue? [y/N] "));
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

} // namespace cli
