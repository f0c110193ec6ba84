// `-v` and `--tmpfs`, see lib/mount_option.h.
#include "lib/mount_option.h"

#include "base/error.h"
#include "base/oci/digest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>
#include <vector>

namespace lib {
namespace {

using oci::printable;

constexpr std::size_t longest_path = 4095; // PATH_MAX without its NUL

/// What lxcfs and its kind show in /proc: numbers, nothing that security state is written to.
constexpr std::array<std::string_view, 8> harmless_proc_files{"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg",
                                                              "/proc/meminfo", "/proc/slabinfo",  "/proc/stat",
                                                              "/proc/swaps",   "/proc/uptime"};

constexpr std::array<std::string_view, 8> unsupported_words{"U", "O", "idmap", "upperdir", "workdir", "uid", "gid", "nr_inodes"};

constexpr std::array<std::pair<std::string_view, Propagation>, 6> propagation_words{{{"rprivate", Propagation::rprivate},
                                                                                     {"private", Propagation::private_},
                                                                                     {"rshared", Propagation::rshared},
                                                                                     {"shared", Propagation::shared},
                                                                                     {"rslave", Propagation::rslave},
                                                                                     {"slave", Propagation::slave}}};

/// A word that sets one member. Of two words for one member the second is refused.
struct FlagWord {
    std::string_view word;
    bool MountRequest::* member;
    bool value;
};

constexpr std::array<FlagWord, 8> common_words{{{"ro", &MountRequest::read_only, true},
                                                {"rw", &MountRequest::read_only, false},
                                                {"nosuid", &MountRequest::nosuid, true},
                                                {"suid", &MountRequest::nosuid, false},
                                                {"nodev", &MountRequest::nodev, true},
                                                {"dev", &MountRequest::nodev, false},
                                                {"noexec", &MountRequest::noexec, true},
                                                {"exec", &MountRequest::noexec, false}}};
constexpr std::array<FlagWord, 2> bind_words{{{"rbind", &MountRequest::recursive, true}, {"bind", &MountRequest::recursive, false}}};
constexpr std::array<FlagWord, 2> volume_words{{{"copy", &MountRequest::copy_up, true}, {"nocopy", &MountRequest::copy_up, false}}};
constexpr std::array<FlagWord, 2> tmpfs_words{
    {{"tmpcopyup", &MountRequest::copy_up, true}, {"notmpcopyup", &MountRequest::copy_up, false}}};

MountRequest tmpfs_defaults() {
    MountRequest request;
    request.kind = MountKind::tmpfs;
    request.nosuid = true;
    request.nodev = true;
    return request;
}

bool is_at_or_below(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

/// "/a//b/./c/../d/" is "/a/b/d"; ".." at the root stays there.
std::string clean_path(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::string_view part = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(part.size() + 1, path.size()));
        if (part == ".." && !parts.empty()) parts.pop_back();
        else if (!part.empty() && part != "." && part != "..") parts.push_back(part);
    }
    std::string cleaned;
    for (const std::string_view part : parts) cleaned.append("/").append(part);
    return cleaned.empty() ? "/" : cleaned;
}

/// Splits at colons; "\:" is a colon of the text.
std::vector<std::string> split_at_colons(std::string_view text) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "\\:") parts.back() += text[++i];
        else if (text[i] == ':') parts.emplace_back();
        else parts.back() += text[i];
    }
    return parts;
}

std::string escape_colons(std::string_view path) {
    std::string text;
    for (const char c : path) {
        if (c == ':') text += '\\';
        text += c;
    }
    return text;
}

bool is_volume_name(std::string_view name) {
    const auto is_alphanumeric = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !name.empty() && is_alphanumeric(name.front())
           && std::ranges::all_of(name, [&](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

/// The parse of one option: its text for the errors, and the request it fills.
class Parser {
public:
    Parser(std::string_view option, std::string_view text, MountRequest request) :
        option_(option), text_(text), request_(std::move(request)) {
        const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
        if (std::ranges::any_of(text, is_control)) fail("control characters are refused");
    }

    MountRequest volume() {
        const std::vector<std::string> parts = split_at_colons(text_);
        if (parts.size() > 3) fail("expected [SOURCE:]DESTINATION[:OPTIONS]; a colon in a path is written \"\\:\"");
        if (parts.size() == 1) request_.kind = MountKind::anonymous;
        else set_source(parts[0]);
        set_destination(parts[parts.size() == 1 ? 0 : 1]);
        if (parts.size() == 3) each_word(parts[2], [&](std::string_view word) { volume_word(word); });
        return std::move(request_);
    }

    MountRequest tmpfs() {
        const std::vector<std::string> parts = split_at_colons(text_);
        if (parts.size() > 2) fail("expected DESTINATION[:OPTIONS]; a colon in a path is written \"\\:\"");
        set_destination(parts[0]);
        if (parts.size() == 2) each_word(parts[1], [&](std::string_view word) { tmpfs_word(word); });
        return std::move(request_);
    }

private:
    template <class... A>
    [[noreturn]] void fail(const A&... why) const {
        throw Error(option_, " ", printable(text_), ": ", why...);
    }

    void set_source(const std::string& source) {
        if (source.starts_with('/') || source.starts_with('.')) {
            request_.kind = MountKind::bind;
        } else {
            request_.kind = MountKind::volume;
            if (!is_volume_name(source))
                fail("\"", printable(source), "\" is neither a path (those begin with \"/\" or \".\") nor a volume name");
        }
        check_length(source);
        request_.source = source;
    }

    void set_destination(const std::string& text) {
        if (!text.starts_with('/')) fail("the destination \"", printable(text), "\" is not an absolute path");
        if (text.ends_with('\\')) fail("a destination that ends in a backslash cannot be told from an escaped colon");
        check_length(text);
        request_.destination = clean_path(text);
        const std::string& to = request_.destination;
        if (to == "/") fail("nothing can be mounted over the container's root");
        const bool binds = request_.kind == MountKind::bind;
        if (is_at_or_below(to, "/proc") && !(binds && std::ranges::count(harmless_proc_files, to) != 0))
            fail(to, " is the kernel's: what is configured through /proc must reach it, so nothing is mounted there");
        if (is_at_or_below(to, "/sys") && !(binds && clean_path(request_.source) == to))
            fail(to, " is the kernel's: only a bind of that very path can be mounted there");
    }

    void check_length(const std::string& path) const {
        if (path.size() > longest_path) fail("a path has at most ", longest_path, " bytes");
    }

    template <class Use>
    void each_word(std::string_view words, Use use) {
        if (words.empty()) fail("the options are empty");
        while (!words.empty()) {
            const std::string_view word = words.substr(0, words.find(','));
            words.remove_prefix(std::min(word.size() + 1, words.size()));
            for (const std::string_view unsupported : unsupported_words)
                if (word.substr(0, word.find('=')) == unsupported) fail("option ", unsupported, " is not supported yet");
            use(word);
        }
    }

    void say_once(std::string_view topic, std::string_view word) {
        if (!said_.insert(topic).second) fail("option ", word, " repeats or contradicts another one");
    }

    /// Whether `word` was one of `table`'s.
    template <class Table>
    bool flag_word(const Table& table, std::string_view word) {
        for (const FlagWord& flag : table) {
            if (flag.word != word) continue;
            const auto first = std::ranges::find(table, flag.member, &FlagWord::member);
            say_once(first->word, word);
            request_.*flag.member = flag.value;
            return true;
        }
        return false;
    }

    bool propagation_word(std::string_view word) {
        for (const auto& [name, value] : propagation_words) {
            if (name != word) continue;
            say_once("propagation", word);
            request_.propagation = value;
            return true;
        }
        return false;
    }

    void volume_word(std::string_view word) {
        if (flag_word(common_words, word) || flag_word(bind_words, word) || propagation_word(word)) return;
        if (request_.kind != MountKind::bind && flag_word(volume_words, word)) return;
        if (word != "z" && word != "Z") fail("option \"", printable(word), "\" is not known here");
        say_once("relabel", word);
        request_.relabel = word == "z" ? Relabel::shared : Relabel::exclusive;
    }

    void tmpfs_word(std::string_view word) {
        if (flag_word(common_words, word) || flag_word(tmpfs_words, word)) return;
        if (word.starts_with("size=")) set_size(word.substr(5));
        else if (word.starts_with("mode=")) set_mode(word.substr(5));
        else fail("option \"", printable(word), "\" is not known here");
    }

    void set_size(std::string_view text) {
        say_once("size", "size");
        std::string_view digits = text;
        if (!digits.empty() && digits.find_last_of("kKmMgG%") == digits.size() - 1) digits.remove_suffix(1);
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        if (digits.empty() || digits.size() > 18 || !std::ranges::all_of(digits, is_digit))
            fail("size is a number of bytes, or one with k, m, g or %, as in size=64m");
        request_.size = text;
    }

    void set_mode(std::string_view text) {
        say_once("mode", "mode");
        unsigned mode = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
        if (error != std::errc() || end != text.data() + text.size() || mode > 07777) fail("mode is octal, as in mode=1777");
        request_.mode = mode;
    }

    std::string_view option_;
    std::string_view text_;
    MountRequest request_;
    std::set<std::string_view> said_;
};

/// The words that lead from `defaults` to `request`.
template <class Table>
void append_flag_words(std::vector<std::string>& words, const Table& table, const MountRequest& request,
                       const MountRequest& defaults) {
    for (const FlagWord& flag : table)
        if (request.*flag.member == flag.value && defaults.*flag.member != flag.value) words.emplace_back(flag.word);
}

std::string join_words(const std::string& front, const std::vector<std::string>& words) {
    std::string text = front;
    for (std::size_t i = 0; i < words.size(); ++i) text += (i == 0 ? ":" : ",") + words[i];
    return text;
}

} // namespace

MountRequest parse_volume_option(std::string_view text) { return Parser("-v", text, {}).volume(); }

MountRequest parse_tmpfs_option(std::string_view text) { return Parser("--tmpfs", text, tmpfs_defaults()).tmpfs(); }

std::string print_volume_option(const MountRequest& request) {
    std::vector<std::string> words;
    append_flag_words(words, common_words, request, {});
    append_flag_words(words, bind_words, request, {});
    append_flag_words(words, volume_words, request, {});
    for (const auto& [name, value] : propagation_words)
        if (request.propagation == value && value != Propagation::rprivate) words.emplace_back(name);
    if (request.relabel != Relabel::none) words.emplace_back(request.relabel == Relabel::shared ? "z" : "Z");
    std::string paths = escape_colons(request.destination);
    if (!request.source.empty()) paths = cat(escape_colons(request.source), ":", paths);
    return join_words(paths, words);
}

std::string print_tmpfs_option(const MountRequest& request) {
    std::vector<std::string> words;
    append_flag_words(words, common_words, request, tmpfs_defaults());
    append_flag_words(words, tmpfs_words, request, tmpfs_defaults());
    if (!request.size.empty()) words.push_back(cat("size=", request.size));
    if (request.mode) words.push_back(cat("mode=", std::oct, *request.mode));
    return join_words(escape_colons(request.destination), words);
}

} // namespace lib
