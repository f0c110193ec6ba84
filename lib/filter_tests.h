// --filter KEY=VALUE, the same for every kind of object: a key's function makes a test of the value; of several tests of one key
// one has to hold, of labels all, and of every key that was named.
#pragma once

#include "base/error.h"
#include "lib/engine.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

struct FilterContext {
    const Engine& engine;
    std::int64_t now_ns;
    std::string_view key;
};

template <class Object>
using FilterTest = std::function<bool(const Object&)>;

template <class Object>
struct FilterKey {
    std::string_view name;
    FilterTest<Object> (*make)(const FilterContext&, const std::string& value); ///< throws Error for a value that cannot be meant
};

template <class Object>
class FilterTests {
public:
    /// Reads the words of all --filter options. Throws Error for an unknown key and for a missing value.
    FilterTests(std::span<const FilterKey<Object>> keys, const Engine& engine, const std::vector<std::string>& words, std::int64_t now_ns) {
        for (const std::string& word : words) {
            const auto equals = word.find('=');
            const std::string name = word.substr(0, equals);
            const auto key = std::ranges::find(keys, std::string_view(name), &FilterKey<Object>::name);
            if (key == keys.end()) throw Error("--filter ", word, ": there is no such filter; there are ", names_of(keys));
            if (equals == std::string::npos) throw Error("--filter ", word, ": a value is missing, as in ", word, "=VALUE");
            tests_[name].push_back(key->make({engine, now_ns, key->name}, word.substr(equals + 1)));
        }
    }

    bool matches(const Object& object) const {
        const auto passes = [&](const FilterTest<Object>& test) { return test(object); };
        return std::ranges::all_of(tests_, [&](const auto& entry) {
            const bool all = entry.first == "label" || entry.first == "label!";
            return all ? std::ranges::all_of(entry.second, passes) : std::ranges::any_of(entry.second, passes);
        });
    }
    bool has(std::string_view key) const { return tests_.contains(key); }

private:
    static std::string names_of(std::span<const FilterKey<Object>> keys) {
        std::string list;
        for (const FilterKey<Object>& key : keys) list += cat(list.empty() ? "" : ", ", key.name);
        return list;
    }

    std::map<std::string, std::vector<FilterTest<Object>>, std::less<>> tests_; ///< by key
};

} // namespace lib
