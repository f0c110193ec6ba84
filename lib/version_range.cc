// See lib/version_range.h.
#include "lib/version_range.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace lib {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view identifier_characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-.";

std::string_view take(std::string_view& rest, std::string_view characters) {
    const auto end = std::min(rest.find_first_not_of(characters), rest.size());
    const std::string_view taken = rest.substr(0, end);
    rest.remove_prefix(end);
    return taken;
}

std::optional<std::uint64_t> find_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_wildcard(char c) { return c == 'x' || c == 'X' || c == '*'; }

/// Numbers and what follows them; `wildcards`: 1.x and * as well.
enum class Wildcards { no, yes };
struct Parsed {
    SemanticVersion version;
    std::size_t given = 0; ///< numbers
};
std::optional<Parsed> find_version(std::string_view& rest, Wildcards wildcards) {
    Parsed parsed;
    if (rest.starts_with('v')) rest.remove_prefix(1);
    bool wild = false;
    for (std::size_t i = 0; i < 3; ++i) {
        if (i > 0 && !rest.starts_with('.')) break;
        if (i > 0) rest.remove_prefix(1);
        if (wildcards == Wildcards::yes && !rest.empty() && is_wildcard(rest.front())) {
            rest.remove_prefix(1);
            wild = true;
            continue;
        }
        const auto number = find_number(take(rest, digits));
        if (!number) return std::nullopt;
        if (wild) continue; // 1.x.3 is 1.x
        parsed.version.numbers[i] = *number;
        parsed.given = i + 1;
    }
    if (rest.starts_with('-') && rest.size() > 1) {
        rest.remove_prefix(1);
        parsed.version.pre_release = take(rest, identifier_characters);
    }
    if (rest.starts_with('+')) {
        rest.remove_prefix(1);
        (void)take(rest, identifier_characters); // of no consequence for precedence
    }
    return parsed;
}

int compare_identifiers(std::string_view a, std::string_view b) {
    const auto number_a = find_number(a), number_b = find_number(b);
    if (number_a && number_b) return *number_a < *number_b ? -1 : *number_a > *number_b;
    if (number_a || number_b) return number_a ? -1 : 1;
    return a.compare(b);
}

int compare_pre_releases(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty()) return static_cast<int>(a.empty()) - static_cast<int>(b.empty());
    while (!a.empty() && !b.empty()) {
        const std::string_view left = a.substr(0, a.find('.')), right = b.substr(0, b.find('.'));
        if (const int order = compare_identifiers(left, right); order != 0) return order;
        a.remove_prefix(std::min(a.size(), left.size() + 1));
        b.remove_prefix(std::min(b.size(), right.size() + 1));
    }
    return static_cast<int>(b.empty()) - static_cast<int>(a.empty());
}

void skip_blanks(std::string_view& rest) { (void)take(rest, " \t,"); }

} // namespace

std::optional<SemanticVersion> SemanticVersion::find(std::string_view text) {
    auto parsed = find_version(text, Wildcards::no);
    if (!parsed || !text.empty()) return std::nullopt;
    return std::move(parsed->version);
}

int SemanticVersion::compare(const SemanticVersion& other) const {
    if (numbers != other.numbers) return numbers < other.numbers ? -1 : 1;
    return compare_pre_releases(pre_release, other.pre_release);
}

VersionRange::Term VersionRange::parse_term(const std::string& where, std::string_view& rest) {
    static constexpr std::pair<std::string_view, Operator> operators[] = {
        {"!=", Operator::not_equal}, {">=", Operator::greater_equal}, {"=>", Operator::greater_equal}, {"<=", Operator::less_equal},
        {"=<", Operator::less_equal}, {"~>", Operator::tilde},        {"~", Operator::tilde},          {"^", Operator::caret},
        {">", Operator::greater},     {"<", Operator::less},          {"=", Operator::equal}};
    const std::string_view all = rest;
    Operator op = Operator::equal;
    for (const auto& [text, meaning] : operators) {
        if (!rest.starts_with(text)) continue;
        op = meaning;
        rest.remove_prefix(text.size());
        break;
    }
    (void)take(rest, " \t");
    auto parsed = find_version(rest, Wildcards::yes);
    const bool ends = rest.empty() || std::string_view(" \t,|").find(rest.front()) != std::string_view::npos;
    if (!parsed || !ends) throw Error(where, ": \"", all, "\" is no range of versions");
    return {op, std::move(parsed->version), parsed->given};
}

VersionRange::VersionRange(const std::string& where, std::string_view text) {
    while (true) {
        const auto end = std::min(text.find("||"), text.size());
        std::string_view rest = text.substr(0, end);
        std::vector<Term> terms;
        for (skip_blanks(rest); !rest.empty(); skip_blanks(rest)) {
            if (rest.starts_with("- ") && !terms.empty() && terms.back().op == Operator::equal) { // "1.2 - 1.4"
                rest.remove_prefix(2);
                skip_blanks(rest);
                terms.back().op = Operator::greater_equal;
                terms.push_back(parse_term(where, rest));
                if (terms.back().op != Operator::equal) throw Error(where, ": \"", text, "\" is no range of versions");
                terms.back().op = Operator::less_equal;
                continue;
            }
            terms.push_back(parse_term(where, rest));
        }
        alternatives_.push_back(std::move(terms));
        if (end == text.size()) return;
        text.remove_prefix(end + 2);
    }
}

bool VersionRange::Term::is_within_tilde(const SemanticVersion& version) const {
    if (given == 0) return true;
    if (version.compare(bound) < 0 || version.numbers[0] != bound.numbers[0]) return false;
    return given == 1 || version.numbers[1] == bound.numbers[1];
}

bool VersionRange::Term::is_within_caret(const SemanticVersion& version) const {
    if (given == 0) return true;
    if (version.compare(bound) < 0) return false;
    // Up to the leftmost number that is not 0: what may break changes that one.
    for (std::size_t i = 0; i < given; ++i) {
        if (version.numbers[i] != bound.numbers[i]) return false;
        if (bound.numbers[i] != 0) return true;
    }
    return true;
}

bool VersionRange::Term::is_equal(const SemanticVersion& version) const {
    return given == 3 ? version.compare(bound) == 0 : is_within_tilde(version);
}

bool VersionRange::Term::matches(const SemanticVersion& version) const {
    if (!version.pre_release.empty() && bound.pre_release.empty()) return false;
    const int order = version.compare(bound);
    switch (op) {
    case Operator::equal: return is_equal(version);
    case Operator::not_equal: return !is_equal(version);
    case Operator::greater: return order > 0 && (given == 3 || !is_equal(version)); // 1.1 is not above 1
    case Operator::less: return order < 0;
    case Operator::greater_equal: return order >= 0;
    case Operator::less_equal: return order <= 0 || (given < 3 && is_equal(version)); // 1.1 is not above 1 here either
    case Operator::tilde: return is_within_tilde(version);
    case Operator::caret: return is_within_caret(version);
    }
    return false;
}

bool VersionRange::matches(std::string_view tag) const {
    const auto version = SemanticVersion::find(tag);
    if (!version) return false;
    return std::ranges::any_of(alternatives_, [&](const std::vector<Term>& terms) {
        // An empty one is any version, but no pre-release, as with >=0.
        if (terms.empty()) return version->pre_release.empty();
        return std::ranges::all_of(terms, [&](const Term& term) { return term.matches(*version); });
    });
}

} // namespace lib
