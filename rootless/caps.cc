// Capabilities, see rootless/caps.h.
#include "rootless/caps.h"

#include "base/error.h"
#include "base/files.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>

namespace rootless {
namespace {

/// Index = number (linux/capability.h up to 5.9; later kernels have added none).
constexpr std::array<std::string_view, 41> names{
    "CHOWN",        "DAC_OVERRIDE",     "DAC_READ_SEARCH", "FOWNER",         "FSETID",          "KILL",
    "SETGID",       "SETUID",           "SETPCAP",         "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST",
    "NET_ADMIN",    "NET_RAW",          "IPC_LOCK",        "IPC_OWNER",      "SYS_MODULE",      "SYS_RAWIO",
    "SYS_CHROOT",   "SYS_PTRACE",       "SYS_PACCT",       "SYS_ADMIN",      "SYS_BOOT",        "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME",         "SYS_TTY_CONFIG",  "MKNOD",          "LEASE",           "AUDIT_WRITE",
    "AUDIT_CONTROL", "SETFCAP",         "MAC_OVERRIDE",    "MAC_ADMIN",      "SYSLOG",          "WAKE_ALARM",
    "BLOCK_SUSPEND", "AUDIT_READ",      "PERFMON",         "BPF",            "CHECKPOINT_RESTORE"};
static_assert(names[cap::sys_admin] == "SYS_ADMIN" && names[cap::syslog] == "SYSLOG" && names[cap::bpf] == "BPF");

constexpr std::string_view prefix = "CAP_";

std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
    return result;
}

bool is_all(std::string_view word) {
    const std::string name = upper(word);
    return name == "ALL" || name == "CAP_ALL";
}

/// The named ones of a list as a mask, and whether ALL was among them.
struct WordList {
    CapMask mask = 0;
    bool all = false;
};

WordList parse_words(std::span<const std::string> words) {
    WordList list;
    for (const std::string& word : words) {
        if (is_all(word)) list.all = true;
        else list.mask |= parse_capability(word);
    }
    return list;
}

int read_last_cap() {
    constexpr int table_end = static_cast<int>(names.size()) - 1;
    const std::string text = files::find("/proc/sys/kernel/cap_last_cap").value_or("");
    int value = table_end;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value >= 0 && value < 64 ? value : table_end;
}

} // namespace

std::optional<int> find_capability(std::string_view name) {
    const std::string wanted = upper(name);
    const std::string_view bare = wanted.starts_with(prefix) ? std::string_view(wanted).substr(prefix.size()) : wanted;
    const auto found = std::ranges::find(names, bare);
    if (found == names.end()) return std::nullopt;
    return static_cast<int>(found - names.begin());
}

std::string capability_name(int number) {
    const auto index = static_cast<std::size_t>(number);
    return index < names.size() ? cat(prefix, names[index]) : cat(prefix, number);
}

std::vector<std::string> capability_names(CapMask mask) {
    std::vector<std::string> result;
    for (int number = 0; number < 64; ++number)
        if (has_cap(mask, number)) result.push_back(capability_name(number));
    return result;
}

int last_cap() {
    static const int last = read_last_cap();
    return last;
}

CapMask all_caps() { return ~CapMask{0} >> (63 - last_cap()); }

CapMask default_caps() { return 0x800405fb; } // security.md §2.2: CHOWN … SYS_CHROOT SETFCAP, measured with Podman 5.4.2

CapMask parse_capability(std::string_view word) {
    if (is_all(word)) return all_caps();
    const auto number = find_capability(word);
    if (!number) throw Error("\"", word, "\" is not a capability; see capabilities(7), e.g. CAP_NET_RAW or net_raw, or ALL");
    if (*number > last_cap()) throw Error("the running kernel has no ", capability_name(*number));
    return cap_bit(*number);
}

CapMask combine_caps(CapMask defaults, std::span<const std::string> add, std::span<const std::string> drop) {
    const WordList added = parse_words(add);
    const WordList dropped = parse_words(drop);
    if (added.all && dropped.all) throw Error("--cap-add ALL and --cap-drop ALL contradict each other");
    if (dropped.all) return added.mask;
    if (added.all) return all_caps() & ~dropped.mask;
    if (const CapMask both = added.mask & dropped.mask; both != 0)
        throw Error(capability_names(both).front(), " is both added and dropped");
    return (defaults & ~dropped.mask) | added.mask;
}

CapSets process_caps(CapMask allowed, std::span<const std::string> add, uid_t uid) {
    if (uid == 0) return {.bounding = allowed, .effective = allowed, .permitted = allowed, .inheritable = 0, .ambient = 0};
    const WordList added = parse_words(add);
    const CapMask kept = (added.all ? all_caps() : added.mask) & allowed;
    return {.bounding = allowed, .effective = kept, .permitted = kept, .inheritable = kept, .ambient = kept};
}

void drop_all_capabilities() {
    struct __user_cap_header_struct header {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct none[2] = {};
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 || ::syscall(SYS_capset, &header, none) != 0)
        throw SysError{errno, "drop capabilities"};
}

} // namespace rootless
