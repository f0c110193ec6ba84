// Private to the parsers of mount options: what `-v`, `--tmpfs` and `--mount` have in common.
#pragma once

#include "base/error.h"
#include "lib/mount_option.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lib {

/// A word that sets one member. Of two words for one member the second is refused.
struct FlagWord {
    std::string_view word;
    bool MountRequest::* member;
    bool value;
    bool MountRequest::* asked = nullptr; ///< set too: the word was said, and is no mere default
};

inline constexpr std::array<FlagWord, 8> attribute_words{
    {{"ro", &MountRequest::read_only, true},
     {"rw", &MountRequest::read_only, false},
     {"nosuid", &MountRequest::nosuid, true},
     {"suid", &MountRequest::nosuid, false, &MountRequest::asks_suid},
     {"nodev", &MountRequest::nodev, true},
     {"dev", &MountRequest::nodev, false, &MountRequest::asks_dev},
     {"noexec", &MountRequest::noexec, true},
     {"exec", &MountRequest::noexec, false, &MountRequest::asks_exec}}};
inline constexpr std::array<FlagWord, 4> bind_words{{{"rbind", &MountRequest::recursive, true},
                                                     {"bind", &MountRequest::recursive, false},
                                                     {"O", &MountRequest::overlay, true},
                                                     {"U", &MountRequest::chown, true}}};
inline constexpr std::array<FlagWord, 2> volume_words{{{"copy", &MountRequest::copy_up, true}, {"nocopy", &MountRequest::copy_up, false}}};
inline constexpr std::array<FlagWord, 3> tmpfs_words{{{"tmpcopyup", &MountRequest::copy_up, true},
                                                      {"notmpcopyup", &MountRequest::copy_up, false},
                                                      {"U", &MountRequest::chown, true}}};

/// The parse of one option: its text for the errors, and the request it fills.
class MountParser {
public:
    MountParser(std::string_view option, std::string_view text, MountRequest request);

    MountRequest volume(); ///< as -v has it
    MountRequest tmpfs();  ///< as --tmpfs has it
    MountRequest mount();  ///< as --mount has it

    static MountRequest tmpfs_defaults();

private:
    /// One KEY[=VALUE] of --mount.
    struct Field {
        std::string key;
        std::string value;
        bool has_value = false;
    };

    template <class... A>
    [[noreturn]] void fail(const A&... why) const;

    void set_source(const std::string& source);
    void set_destination(const std::string& text);
    void check_length(const std::string& path) const;
    void check_combination() const;

    void say_once(std::string_view topic, std::string_view word);
    template <class Table>
    bool flag_word(const Table& table, std::string_view word);
    bool propagation(std::string_view word);
    bool relabel_word(std::string_view word);
    /// Words of `-v` that --mount shares; false when it is none.
    bool source_word(std::string_view word);
    bool overlay_directory(std::string_view key, std::string_view value);
    void volume_word(std::string_view word);
    void tmpfs_word(std::string_view word);
    bool tmpfs_value(std::string_view key, std::string_view value);

    void set_size(std::string_view text);
    void set_inodes(std::string_view text);
    void set_mode(std::string_view text);
    unsigned whole_number(std::string_view key, std::string_view text) const;

    std::vector<Field> split_fields() const;
    void choose_kind(const std::vector<Field>& fields);
    void take_paths(const std::vector<Field>& fields);
    void argument(const Field& field);
    bool common_argument(const Field& field);
    bool source_argument(const Field& field);
    bool memory_argument(const Field& field);
    bool terminals_argument(const Field& field);
    bool truth(const Field& field) const;
    void set_subpath(const Field& field);

    std::string_view option_;
    std::string_view text_;
    MountRequest request_;
    std::set<std::string, std::less<>> said_;
};

template <class... A>
void MountParser::fail(const A&... why) const {
    std::string shown;
    for (const char c : text_) shown += (c >= 0 && c < ' ') || c == 0x7f ? '?' : c;
    throw Error(option_, " ", shown, ": ", why...);
}

template <class Table>
bool MountParser::flag_word(const Table& table, std::string_view word) {
    for (const FlagWord& flag : table) {
        if (flag.word != word) continue;
        const auto first = std::ranges::find(table, flag.member, &FlagWord::member);
        say_once(first->word, word);
        request_.*flag.member = flag.value;
        if (flag.asked != nullptr) request_.*flag.asked = true;
        return true;
    }
    return false;
}

} // namespace lib
