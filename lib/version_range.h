// Ranges of semantic versions (semver.org) as skopeo's images-by-semver has them: the language of Go's Masterminds/semver.
//
//   ">=1.2, <2 || 3.x"     , or a blank: and; ||: or.  = != > < >= <= ; 1.x and 1 are all of 1
//   "~1.2.3"  1.2.3 to below 1.3     "^1.2.3"  1.2.3 to below 2     "1.2 - 1.4"  both ends included
// A version with a pre-release (1.2.3-rc1) is in a range only where the range names one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

struct SemanticVersion {
    std::array<std::uint64_t, 3> numbers{}; ///< major, minor, patch
    std::string pre_release;                ///< without the '-'

    /// "1.2.3-rc1+build", with v before it or not; missing numbers are 0. nullopt for anything else.
    static std::optional<SemanticVersion> find(std::string_view text);
    /// Below 0, 0, above 0: by the rules of precedence (semver.org, item 11).
    int compare(const SemanticVersion& other) const;
};

class VersionRange {
public:
    /// Throws Error "WHERE: …" for what is no range.
    VersionRange(const std::string& where, std::string_view text);
    /// False for what is no version.
    bool matches(std::string_view tag) const;

private:
    enum class Operator { equal, not_equal, greater, less, greater_equal, less_equal, tilde, caret };
    struct Term {
        Operator op;
        SemanticVersion bound;
        std::size_t given; ///< how many numbers: 1.x has one
        bool matches(const SemanticVersion& version) const;
        bool is_equal(const SemanticVersion& version) const;
        bool is_within_tilde(const SemanticVersion& version) const;
        bool is_within_caret(const SemanticVersion& version) const;
    };
    static Term parse_term(const std::string& where, std::string_view& rest);

    std::vector<std::vector<Term>> alternatives_; ///< each: all must match
};

} // namespace lib
