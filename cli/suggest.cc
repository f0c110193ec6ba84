// The nearest name by edit distance, see cli/suggest.h.
#include "cli/suggest.h"

#include <algorithm>
#include <vector>

namespace cli {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Rows of the table of distances between the prefixes: the one being filled and the two before it.
    std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = previous;
        previous = row;
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replace, previous[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::string nearest(std::string_view word, std::span<const std::string_view> names) {
    std::string_view best;
    std::size_t best_distance = 4;
    for (const std::string_view name : names) {
        const std::size_t distance = edit_distance(word, name);
        if (distance < best_distance && 3 * distance <= std::max(name.size(), word.size())) {
            best = name;
            best_distance = distance;
        }
    }
    return std::string(best);
}

} // namespace cli
