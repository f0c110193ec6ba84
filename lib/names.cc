// Container names; see lib/names.h.
#include "lib/names.h"

#include "base/error.h"
#include "base/sys.h"

#include <string_view>

namespace lib {
namespace {

constexpr std::string_view adjectives[] = {"able",  "bold",  "brisk", "calm",  "clear", "deft",  "eager", "fair",
                                           "fleet", "fresh", "glad",  "hardy", "keen",  "kind",  "light", "lively",
                                           "lucid", "merry", "neat",  "noble", "plain", "prime", "quick", "quiet",
                                           "ready", "smart", "solid", "sound", "still", "sunny", "swift", "warm"};
constexpr std::string_view nouns[] = {"anchor", "beacon", "birch",  "bridge", "canal",  "cedar",  "cliff",  "comet",
                                      "delta",  "dune",   "ember",  "falcon", "fjord",  "garnet", "harbor", "heron",
                                      "island", "juniper", "lagoon", "lantern", "maple", "meadow", "orbit", "otter",
                                      "pebble", "pier",   "quarry", "reef",   "spruce", "tundra", "valley", "willow"};
constexpr std::string_view first_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

} // namespace

void check_container_name(const std::string& name) {
    const bool good_start = !name.empty() && first_characters.find(name[0]) != std::string_view::npos;
    const bool good = good_start && name.find_first_not_of(std::string(first_characters) + "_.-") == std::string::npos;
    if (!good || name.size() > 255)
        throw Error("container name \"", name, "\": letters, digits, \"_\", \".\" and \"-\" are allowed, the first one a letter or digit");
}

std::string random_container_name() {
    const std::string dice = sys::random_hex(4);
    const unsigned long number = std::stoul(dice, nullptr, 16);
    return cat(adjectives[number % std::size(adjectives)], "_", nouns[number / 32 % std::size(nouns)], "_", number / 1024 % 1000);
}

} // namespace lib
