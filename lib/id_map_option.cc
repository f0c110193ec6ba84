// The arithmetic of id maps; see lib/id_map_option.h.
#include "lib/id_map_option.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>

namespace lib {
namespace {

using rootless::IdRange;
using Ranges = std::vector<IdRange>;

constexpr std::uint32_t highest_id = 4294967294; // 2^32-1 is no id but "leave it"

template <class... A>
[[noreturn]] void refuse(std::string_view option, std::string_view text, const A&... why) {
    throw Error("--", option, "=", text, ": ", why...);
}

std::optional<std::uint32_t> find_number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || value > highest_id) return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

void check_range(std::string_view option, std::string_view text, const IdRange& r) {
    if (r.count == 0) refuse(option, text, "an amount of 0 maps nothing");
    if (r.inside > highest_id - (r.count - 1) || r.outside > highest_id - (r.count - 1)) refuse(option, text, "it goes beyond the highest id");
}

/// "CONTAINER:FROM:AMOUNT" of auto's options.
IdRange parse_triple(std::string_view text, std::string_view whole) {
    const auto parts = split(text, ':');
    std::optional<std::uint32_t> numbers[3];
    for (std::size_t i = 0; i < 3 && parts.size() == 3; ++i) numbers[i] = find_number(parts[i]);
    if (!numbers[0] || !numbers[1] || !numbers[2]) refuse("userns", whole, "\"", text, "\" is not CONTAINER:FROM:AMOUNT");
    const IdRange range{*numbers[0], *numbers[1], *numbers[2]};
    check_range("userns", whole, range);
    return range;
}

void read_option(UserNamespaceMode& mode, std::string_view option, std::string_view whole) {
    const auto equals = option.find('=');
    const std::string_view key = option.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : option.substr(equals + 1);
    const bool automatic = mode.kind == UserNamespaceKind::automatic;
    if (automatic && (key == "uidmapping" || key == "gidmapping")) {
        (key == "uidmapping" ? mode.uids : mode.gids).push_back(parse_triple(value, whole));
        return;
    }
    std::optional<std::uint32_t>* number = key == "size" ? &mode.size : nullptr;
    if (!automatic && key == "uid") number = &mode.uid;
    if (!automatic && key == "gid") number = &mode.gid;
    if (number == nullptr)
        refuse("userns", whole, "unknown option \"", key, "\"; known are ", automatic ? "size, uidmapping and gidmapping" : "uid, gid and size");
    *number = find_number(value);
    if (!*number || (key == "size" && **number == 0)) refuse("userns", whole, "\"", value, "\" is no ", key);
}

/// Takes the ids of `range` out of `ranges`, on both sides; highest_id on one side means that only the other counts.
Ranges without(const Ranges& ranges, const IdRange& range) {
    const auto cut = [](const Ranges& from, std::uint32_t first, std::uint32_t count, std::uint32_t IdRange::*side) {
        Ranges left;
        const std::uint64_t end = std::uint64_t{first} + count;
        for (const IdRange& r : from) {
            const std::uint64_t start = r.*side, stop = start + r.count;
            const std::uint64_t before = std::clamp<std::uint64_t>(first, start, stop) - start;
            const std::uint64_t after = std::clamp<std::uint64_t>(end, start, stop) - start;
            if (before > 0) left.push_back({r.inside, r.outside, static_cast<std::uint32_t>(before)});
            if (after < r.count)
                left.push_back({static_cast<std::uint32_t>(r.inside + after), static_cast<std::uint32_t>(r.outside + after),
                                static_cast<std::uint32_t>(r.count - after)});
        }
        return left;
    };
    if (range.count == 0) return ranges;
    return cut(cut(ranges, range.inside, range.count, &IdRange::inside), range.outside, range.count, &IdRange::outside);
}

/// The intermediate ids that are not used yet get the container's ids that are free, from 0 on.
Ranges fill_gaps(Ranges ranges, std::uint32_t total) {
    Ranges rest{{0, 0, total}};
    for (const IdRange& r : ranges) rest = without(rest, {highest_id, r.outside, r.count});
    Ranges taken = ranges;
    std::ranges::sort(taken, {}, &IdRange::inside);
    std::uint32_t next = 0;
    for (IdRange source : rest) {
        while (source.count > 0) {
            const auto obstacle = std::ranges::find_if(taken, [&](const IdRange& t) { return t.inside + t.count > next; });
            if (obstacle != taken.end() && obstacle->inside <= next) {
                next = obstacle->inside + obstacle->count;
                continue;
            }
            const std::uint32_t room = obstacle == taken.end() ? source.count : std::min(source.count, obstacle->inside - next);
            ranges.push_back({next, source.outside, room});
            next += room;
            source.outside += room;
            source.count -= room;
        }
    }
    return ranges;
}

/// One word of --uidmap or --gidmap.
struct MapWord {
    bool extends = false;
    bool users = true;
    bool groups = true;
    bool host = false; ///< FROM is an id of this machine
    IdRange range{0, 0, 1};
};

MapWord parse_map_word(std::string_view option, const std::string& text) {
    MapWord word;
    std::string_view rest = text;
    bool u = false, g = false;
    for (; !rest.empty() && (rest[0] == '+' || rest[0] == 'u' || rest[0] == 'g'); rest.remove_prefix(1)) {
        word.extends = word.extends || rest[0] == '+';
        u = u || rest[0] == 'u';
        g = g || rest[0] == 'g';
    }
    if (u != g) {
        word.users = u;
        word.groups = g;
    }
    const auto parts = split(rest, ':');
    if (parts.size() != 2 && parts.size() != 3) refuse(option, text, "expected CONTAINER:FROM[:AMOUNT]");
    std::string_view from = parts[1];
    word.host = from.starts_with('@');
    if (word.host) from.remove_prefix(1);
    const auto inside = find_number(parts[0]), outside = find_number(from);
    const auto count = parts.size() == 3 ? find_number(parts[2]) : std::optional<std::uint32_t>(1);
    if (!inside || !outside || !count) refuse(option, text, "expected CONTAINER:FROM[:AMOUNT] in numbers");
    word.range = {*inside, *outside, *count};
    check_range(option, text, word.range);
    return word;
}

/// An id of this machine as the store knows it.
Ranges intermediate(std::string_view option, const MapWord& word, const Ranges& store) {
    if (!word.host) return {word.range};
    Ranges result;
    for (IdRange rest = word.range; rest.count > 0;) {
        const auto found = std::ranges::find_if(store, [&](const IdRange& s) { return rest.outside >= s.outside && rest.outside - s.outside < s.count; });
        if (found == store.end())
            throw Error("--", option, ": id ", rest.outside, " of this machine is neither yours nor one of your subordinate ids");
        const std::uint32_t skipped = rest.outside - found->outside, count = std::min(rest.count, found->count - skipped);
        result.push_back({rest.inside, found->inside + skipped, count});
        rest = {rest.inside + count, rest.outside + count, rest.count - count};
    }
    return result;
}

Ranges combine(std::string_view option, const std::vector<MapWord>& words, const Ranges& store) {
    Ranges ranges;
    for (const MapWord& word : words) {
        for (const IdRange& range : intermediate(option, word, store)) {
            if (word.extends) ranges = without(ranges, range);
            for (const IdRange& other : ranges) {
                const auto overlap = [&](std::uint32_t a, std::uint32_t b) { return a < std::uint64_t{b} + other.count && b < std::uint64_t{a} + range.count; };
                if (overlap(range.inside, other.inside) || overlap(range.outside, other.outside))
                    throw Error("--", option, ": ", range.inside, ":", range.outside, ":", range.count, " and ", other.inside, ":", other.outside,
                                ":", other.count, " overlap; a + before the second one takes what it needs out of the first");
            }
            ranges.push_back(range);
        }
    }
    if (!words.empty() && words.front().extends) ranges = fill_gaps(std::move(ranges), total_of(store));
    std::ranges::sort(ranges, {}, &IdRange::inside);
    return ranges;
}

std::vector<MapWord> words_of(std::string_view option, const std::vector<std::string>& own, std::string_view other_option,
                              const std::vector<std::string>& other, bool MapWord::*kind) {
    std::vector<MapWord> words;
    for (const std::string& text : own)
        if (const MapWord word = parse_map_word(option, text); word.*kind) words.push_back(word);
    if (own.empty())
        for (const std::string& text : other)
            if (const MapWord word = parse_map_word(other_option, text); word.*kind) words.push_back(word);
    return words;
}

} // namespace

UserNamespaceMode parse_user_namespace(const std::string& text) {
    UserNamespaceMode mode;
    mode.word = text.empty() ? "host" : text;
    if (text.empty() || text == "host" || text == "private") return mode;
    const auto colon = text.find(':');
    const std::string name = text.substr(0, colon);
    const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
    if (name == "container" || name == "ns") {
        mode.kind = name == "ns" ? UserNamespaceKind::path : UserNamespaceKind::container;
        mode.target = rest;
        if (rest.empty()) refuse("userns", text, name == "ns" ? "the path is missing" : "the container is missing");
        if (name == "ns" && !rest.starts_with('/')) refuse("userns", text, "an absolute path is needed");
        return mode;
    }
    if (name == "nomap" && colon == std::string::npos) mode.kind = UserNamespaceKind::nomap;
    else if (name == "keep-id") mode.kind = UserNamespaceKind::keep_id;
    else if (name == "auto") mode.kind = UserNamespaceKind::automatic;
    else refuse("userns", text, "expected host, private, keep-id[:uid=N,gid=N,size=N], auto[:size=N,…], nomap, container:NAME or ns:PATH");
    if (colon != std::string::npos)
        for (const std::string_view option : split(rest, ',')) read_option(mode, option, text);
    return mode;
}

std::uint32_t total_of(const Ranges& ranges) {
    std::uint32_t total = 0;
    for (const IdRange& r : ranges) total += r.count;
    return total;
}

Ranges keep_id_ranges(std::uint32_t own, std::uint32_t total) {
    const std::uint32_t others = total > 0 ? total - 1 : 0;
    Ranges ranges;
    if (const std::uint32_t below = std::min(own, others); below > 0) ranges.push_back({0, 1, below});
    ranges.push_back({own, 0, 1});
    if (others > own) ranges.push_back({own + 1, own + 1, others - own});
    return ranges;
}

Ranges automatic_ranges(std::uint32_t size, std::uint32_t start, const Ranges& fixed) {
    Ranges gaps{{0, 0, size}};
    for (const IdRange& f : fixed) gaps = without(gaps, {f.inside, highest_id, f.count});
    Ranges ranges = fixed;
    for (const IdRange& gap : gaps) {
        ranges.push_back({gap.inside, start, gap.count});
        start += gap.count;
    }
    std::ranges::sort(ranges, {}, &IdRange::inside);
    return ranges;
}

std::optional<std::uint32_t> find_free_range(std::uint32_t size, std::uint32_t total, Ranges used) {
    std::ranges::sort(used, {}, &IdRange::outside);
    std::uint64_t start = 1;
    for (const IdRange& u : used) {
        if (start + size <= u.outside) break;
        start = std::max<std::uint64_t>(start, std::uint64_t{u.outside} + u.count);
    }
    return start + size <= total ? std::optional(static_cast<std::uint32_t>(start)) : std::nullopt;
}

rootless::IdMaps parse_id_maps(const std::vector<std::string>& uidmap, const std::vector<std::string>& gidmap,
                               const rootless::IdMaps& store) {
    const rootless::IdMaps maps{
        combine("uidmap", words_of("uidmap", uidmap, "gidmap", gidmap, &MapWord::users), store.uids),
        combine("gidmap", words_of("gidmap", gidmap, "uidmap", uidmap, &MapWord::groups), store.gids)};
    if (maps.uids.empty()) throw Error("--uidmap: no user is mapped");
    if (maps.gids.empty()) throw Error("--gidmap: no group is mapped");
    return maps;
}

} // namespace lib
