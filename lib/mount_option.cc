// `-v` and `--tmpfs`, and what all mount options have in common; see lib/mount_option.h. --mount is in lib/mount_argument.cc.
#include "lib/mount_option.h"

#include "base/error.h"
#include "base/oci/digest.h"
#include "lib/mount_parser.h"

#include <charconv>
#include <vector>

namespace lib {
namespace {

using oci::printable;

constexpr std::size_t longest_path = 4095; // PATH_MAX without its NUL

/// What lxcfs and its kind show in /proc: numbers, nothing that security state is written to.
constexpr std::array<std::string_view, 8> harmless_proc_files{"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg",
                                                              "/proc/meminfo", "/proc/slabinfo",  "/proc/stat",
                                                              "/proc/swaps",   "/proc/uptime"};

/// Docker's words for slow disks of other systems; they mean nothing here, as with Podman.
constexpr std::array<std::string_view, 3> consistency_words{"cached", "delegated", "consistent"};

constexpr std::array<std::pair<std::string_view, Propagation>, 8> propagation_words{{{"rprivate", Propagation::rprivate},
                                                                                     {"private", Propagation::private_},
                                                                                     {"rshared", Propagation::rshared},
                                                                                     {"shared", Propagation::shared},
                                                                                     {"rslave", Propagation::rslave},
                                                                                     {"slave", Propagation::slave},
                                                                                     {"runbindable", Propagation::runbindable},
                                                                                     {"unbindable", Propagation::unbindable}}};

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

/// Where the kernel's own files are, only what cannot deceive anybody is mounted.
template <class Fail>
void check_kernel_paths(const std::string& to, MountKind kind, const std::string& source, Fail fail) {
    if (to == "/") fail("nothing can be mounted over the container's root");
    const bool binds = kind == MountKind::bind;
    if (is_at_or_below(to, "/proc") && !(binds && std::ranges::count(harmless_proc_files, to) != 0))
        fail(cat(to, " is the kernel's: what is configured through /proc must reach it, so nothing is mounted there"));
    if (is_at_or_below(to, "/sys") && !(binds && clean_path(source) == to))
        fail(cat(to, " is the kernel's: only a bind of that very path can be mounted there"));
}

} // namespace

MountParser::MountParser(std::string_view option, std::string_view text, MountRequest request) :
    option_(option), text_(text), request_(std::move(request)) {
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
    if (std::ranges::any_of(text, is_control)) fail("control characters are refused");
}

MountRequest MountParser::tmpfs_defaults() {
    MountRequest request;
    request.kind = MountKind::tmpfs;
    request.nosuid = true;
    request.nodev = true;
    return request;
}

namespace {

/// Calls `use` for each word between commas.
template <class Use>
void each_word(std::string_view words, Use use) {
    while (!words.empty()) {
        const std::string_view word = words.substr(0, words.find(','));
        words.remove_prefix(std::min(word.size() + 1, words.size()));
        use(word);
    }
}

} // namespace

MountRequest MountParser::volume() {
    const std::vector<std::string> parts = split_at_colons(text_);
    if (parts.size() > 3) fail("expected [SOURCE:]DESTINATION[:OPTIONS]; a colon in a path is written \"\\:\"");
    if (parts.size() == 1) {
        request_.kind = MountKind::anonymous;
    } else {
        const bool is_path = parts[0].starts_with('/') || parts[0].starts_with('.');
        request_.kind = is_path ? MountKind::bind : MountKind::volume;
        set_source(parts[0]);
    }
    set_destination(parts[parts.size() == 1 ? 0 : 1]);
    if (parts.size() == 3) {
        if (parts[2].empty()) fail("the options are empty");
        each_word(parts[2], [&](std::string_view word) { volume_word(word); });
    }
    check_combination();
    return std::move(request_);
}

MountRequest MountParser::tmpfs() {
    const std::vector<std::string> parts = split_at_colons(text_);
    if (parts.size() > 2) fail("expected DESTINATION[:OPTIONS]; a colon in a path is written \"\\:\"");
    set_destination(parts[0]);
    if (parts.size() == 2) {
        if (parts[1].empty()) fail("the options are empty");
        each_word(parts[1], [&](std::string_view word) { tmpfs_word(word); });
    }
    check_combination();
    return std::move(request_);
}

void MountParser::set_source(const std::string& source) {
    if (source.empty()) fail("the source is empty");
    if (request_.kind == MountKind::volume && !is_volume_name(source))
        fail("\"", printable(source), "\" is neither a path (those begin with \"/\" or \".\") nor a volume name");
    check_length(source);
    request_.source = source;
}

void MountParser::set_destination(const std::string& text) {
    if (!text.starts_with('/')) fail("the destination \"", printable(text), "\" is not an absolute path");
    if (text.ends_with('\\')) fail("a destination that ends in a backslash cannot be told from an escaped colon");
    check_length(text);
    request_.destination = clean_path(text);
    check_kernel_paths(request_.destination, request_.kind, request_.source, [&](const std::string& why) { fail(why); });
}

void MountParser::check_length(const std::string& path) const {
    if (path.size() > longest_path) fail("a path has at most ", longest_path, " bytes");
}

/// What the words mean together.
void MountParser::check_combination() const {
    const MountRequest& r = request_;
    if (r.upper_dir.empty() != r.work_dir.empty()) fail("upperdir and workdir are given together");
    if (!r.upper_dir.empty() && !r.overlay) fail("upperdir and workdir need the option O");
    if (!r.overlay) return;
    if (r.read_only) fail("option O is for writing, ro contradicts it");
    if (r.chown) fail("option U together with O is not supported yet");
    if (said_.contains("propagation") || said_.contains("rbind")) fail("an overlay (option O) has no mounts of its source to pass on");
    if (!r.subpath.empty()) fail("a subpath together with O is not supported yet");
}

void MountParser::say_once(std::string_view topic, std::string_view word) {
    if (!said_.emplace(topic).second) fail("option ", word, " repeats or contradicts another one");
}

bool MountParser::propagation(std::string_view word) {
    for (const auto& [name, value] : propagation_words) {
        if (name != word) continue;
        say_once("propagation", word);
        request_.propagation = value;
        return true;
    }
    return false;
}

bool MountParser::relabel_word(std::string_view word) {
    if (word != "z" && word != "Z") return false;
    say_once("relabel", word);
    request_.relabel = word == "z" ? Relabel::shared : Relabel::exclusive;
    return true;
}

bool MountParser::source_word(std::string_view word) {
    const std::string_view key = word.substr(0, word.find('='));
    if (key == "idmap") fail("option idmap: the kernel lets ordinary users idmap no file system of the host");
    if (key == "no-dereference") fail("option no-dereference is not supported yet");
    if (flag_word(attribute_words, word) || flag_word(bind_words, word) || propagation(word) || relabel_word(word)) return true;
    return request_.kind != MountKind::bind && request_.kind != MountKind::glob && flag_word(volume_words, word);
}

bool MountParser::overlay_directory(std::string_view key, std::string_view value) {
    if (key != "upperdir" && key != "workdir") return false;
    say_once(key, key);
    if (!value.starts_with('/')) fail(key, " \"", printable(std::string(value)), "\" is not an absolute path");
    (key == "upperdir" ? request_.upper_dir : request_.work_dir) = value;
    return true;
}

void MountParser::volume_word(std::string_view word) {
    if (source_word(word)) return;
    if (std::ranges::count(consistency_words, word) != 0) return say_once("consistency", word);
    const auto equals = word.find('=');
    if (equals != std::string_view::npos && overlay_directory(word.substr(0, equals), word.substr(equals + 1))) return;
    fail("option \"", printable(std::string(word)), "\" is not known here");
}

void MountParser::tmpfs_word(std::string_view word) {
    if (flag_word(attribute_words, word) || flag_word(tmpfs_words, word)) return;
    if (word == "noswap") fail("option noswap: the kernel grants it to root only");
    const auto equals = word.find('=');
    if (equals != std::string_view::npos && tmpfs_value(word.substr(0, equals), word.substr(equals + 1))) return;
    fail("option \"", printable(std::string(word)), "\" is not known here");
}

bool MountParser::tmpfs_value(std::string_view key, std::string_view value) {
    if (key == "size") set_size(value);
    else if (key == "mode") set_mode(value);
    else if (key == "nr_inodes") set_inodes(value);
    else if (key == "uid" || key == "gid") {
        say_once(key, key);
        (key == "uid" ? request_.uid : request_.gid) = whole_number(key, value);
    } else {
        return false;
    }
    return true;
}

namespace {

/// Digits, with one of `units` behind them or not.
bool is_amount(std::string_view text, std::string_view units) {
    if (!text.empty() && units.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
    return !text.empty() && text.size() <= 18 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

void MountParser::set_size(std::string_view text) {
    say_once("size", "size");
    if (!is_amount(text, "kKmMgG%")) fail("size is a number of bytes, or one with k, m, g or %, as in size=64m");
    request_.size = text;
}

void MountParser::set_inodes(std::string_view text) {
    say_once("nr_inodes", "nr_inodes");
    if (!is_amount(text, "kKmMgG")) fail("nr_inodes is a number, or one with k, m or g");
    request_.inodes = text;
}

void MountParser::set_mode(std::string_view text) {
    say_once("mode", "mode");
    unsigned mode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (error != std::errc() || end != text.data() + text.size() || mode > 07777) fail("mode is octal, as in mode=1777");
    request_.mode = mode;
}

unsigned MountParser::whole_number(std::string_view key, std::string_view text) const {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) fail(key, " is a whole number");
    return number;
}

namespace {

/// The words that lead from `defaults` to `request`.
template <class Table>
void append_flag_words(std::vector<std::string>& words, const Table& table, const MountRequest& request,
                       const MountRequest& defaults) {
    for (const FlagWord& flag : table) {
        const bool differs = request.*flag.member == flag.value && defaults.*flag.member != flag.value;
        const bool asked = flag.asked != nullptr && request.*flag.asked;
        if (differs || asked) words.emplace_back(flag.word);
    }
}

void append_owner_words(std::vector<std::string>& words, const MountRequest& request) {
    if (request.uid) words.push_back(cat("uid=", *request.uid));
    if (request.gid) words.push_back(cat("gid=", *request.gid));
}

std::string join_words(const std::string& front, const std::vector<std::string>& words) {
    std::string text = front;
    for (std::size_t i = 0; i < words.size(); ++i) text += (i == 0 ? ":" : ",") + words[i];
    return text;
}

} // namespace

MountRequest parse_volume_option(std::string_view text) { return MountParser("-v", text, {}).volume(); }

MountRequest parse_tmpfs_option(std::string_view text) {
    return MountParser("--tmpfs", text, MountParser::tmpfs_defaults()).tmpfs();
}

std::string check_destination(std::string_view option, const std::string& destination, MountKind kind, const std::string& source) {
    const auto fail = [&](const std::string& why) { throw Error(option, " ", printable(destination), ": ", why); };
    if (!destination.starts_with('/')) fail("the destination is not an absolute path");
    if (destination.size() > longest_path) fail(cat("a path has at most ", longest_path, " bytes"));
    std::string cleaned = clean_path(destination);
    check_kernel_paths(cleaned, kind, source, fail);
    return cleaned;
}

std::string_view propagation_word(Propagation propagation) {
    for (const auto& [name, value] : propagation_words)
        if (value == propagation) return name;
    return "rprivate";
}

std::string print_volume_option(const MountRequest& request) {
    std::vector<std::string> words;
    append_flag_words(words, attribute_words, request, {});
    append_flag_words(words, bind_words, request, {});
    append_flag_words(words, volume_words, request, {});
    if (request.propagation != Propagation::rprivate) words.emplace_back(propagation_word(request.propagation));
    if (request.relabel != Relabel::none) words.emplace_back(request.relabel == Relabel::shared ? "z" : "Z");
    if (!request.upper_dir.empty()) words.push_back("upperdir=" + escape_colons(request.upper_dir));
    if (!request.work_dir.empty()) words.push_back("workdir=" + escape_colons(request.work_dir));
    std::string paths = escape_colons(request.destination);
    if (!request.source.empty()) paths = cat(escape_colons(request.source), ":", paths);
    return join_words(paths, words);
}

std::string print_tmpfs_option(const MountRequest& request) {
    std::vector<std::string> words;
    append_flag_words(words, attribute_words, request, MountParser::tmpfs_defaults());
    append_flag_words(words, tmpfs_words, request, MountParser::tmpfs_defaults());
    if (!request.size.empty()) words.push_back(cat("size=", request.size));
    if (!request.inodes.empty()) words.push_back(cat("nr_inodes=", request.inodes));
    if (request.mode) words.push_back(cat("mode=", std::oct, *request.mode));
    append_owner_words(words, request);
    return join_words(escape_colons(request.destination), words);
}

} // namespace lib
