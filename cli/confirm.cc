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

std::size_t choose(const std::string& question, const std::vector<std::string>& answers) {
    print_notice(escaped(question));
    for (std::size_t i = 0; i < answers.size(); ++i) print_notice(cat("  ", i + 1, "  ", escaped(answers[i])));
    std::string answer;
    std::getline(std::cin, answer);
    for (std::size_t i = 0; i < answers.size(); ++i)
        if (answer == std::to_string(i + 1) || answer == answers[i]) return i;
    throw Error("no image was chosen");
}

} // namespace cli
