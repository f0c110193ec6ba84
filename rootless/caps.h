// Capabilities as 64-bit masks: names, the default set, and what --cap-add and --cap-drop make of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rootless {

/// Bit n is capability n of linux/capability.h.
using CapMask = std::uint64_t;

namespace cap {
// The ones our own code asks about; the full table is in caps.cc.
inline constexpr int dac_read_search = 2;
inline constexpr int net_admin = 12;
inline constexpr int net_raw = 13;
inline constexpr int sys_module = 16;
inline constexpr int sys_rawio = 17;
inline constexpr int sys_chroot = 18;
inline constexpr int sys_ptrace = 19;
inline constexpr int sys_pacct = 20;
inline constexpr int sys_admin = 21;
inline constexpr int sys_boot = 22;
inline constexpr int sys_nice = 23;
inline constexpr int sys_time = 25;
inline constexpr int sys_tty_config = 26;
inline constexpr int audit_write = 29;
inline constexpr int syslog = 34;
inline constexpr int perfmon = 38;
inline constexpr int bpf = 39;
} // namespace cap

constexpr CapMask cap_bit(int number) { return CapMask{1} << number; }
constexpr bool has_cap(CapMask mask, int number) { return (mask & cap_bit(number)) != 0; }

/// "CAP_NET_RAW", "net_raw", any case: its number.
std::optional<int> find_capability(std::string_view name);
/// "CAP_NET_RAW"; "CAP_41" for a capability newer than the table.
std::string capability_name(int number);
/// The names in a mask in order of number, as the runtime spec lists them.
std::vector<std::string> capability_names(CapMask mask);

/// The highest capability the running kernel knows (/proc/sys/kernel/cap_last_cap, read once).
int last_cap();
/// Every capability the running kernel knows.
CapMask all_caps();
/// What a container gets when nothing is asked for: Podman's eleven.
CapMask default_caps();

/// One word of --cap-add or --cap-drop: a name or ALL. Throws Error naming the word.
CapMask parse_capability(std::string_view word);

/// The container's capabilities as Podman makes them: `ALL` among the dropped leaves the added ones alone, `ALL` among
/// the added starts from everything; otherwise (defaults − drop) + add. Throws Error where one is both added and dropped.
CapMask combine_caps(CapMask defaults, std::span<const std::string> add, std::span<const std::string> drop);

/// Gives up every capability of the calling process for good, in all sets. Throws SysError.
void drop_all_capabilities();

/// The five sets of capabilities(7) a process starts with.
struct CapSets {
    CapMask bounding = 0;
    CapMask effective = 0;
    CapMask permitted = 0;
    CapMask inheritable = 0;
    CapMask ambient = 0;
    bool operator==(const CapSets&) const = default;
};

/// `allowed` is what combine_caps gave, `added` the part the user asked for by name. Root gets `allowed` with empty
/// inheritable and ambient sets (CVE-2022-29162); anybody else gets nothing but what was asked for, as ambient
/// capabilities, since exec would drop the rest.
CapSets process_caps(CapMask allowed, std::span<const std::string> add, uid_t uid);

} // namespace rootless
