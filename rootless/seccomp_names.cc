// System call names to numbers, see rootless/seccomp_names.h. The home of libseccomp.
#include "rootless/seccomp_names.h"

#include "base/error.h"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace rootless {
namespace {

using Entry = std::pair<std::string_view, std::uint32_t>;

/// Calls newer than libseccomp 2.5.4 (Debian 12). From 403 on all architectures share their numbers
/// (Linux, scripts/syscall.tbl). To be removed when Debian 13's libseccomp is the oldest one.
constexpr std::array newer_calls{
    Entry{"cachestat", 451u},      Entry{"fchmodat2", 452u},         Entry{"map_shadow_stack", 453u},
    Entry{"futex_wake", 454u},     Entry{"futex_wait", 455u},        Entry{"futex_requeue", 456u},
    Entry{"statmount", 457u},      Entry{"listmount", 458u},         Entry{"lsm_get_self_attr", 459u},
    Entry{"lsm_set_self_attr", 460u}, Entry{"lsm_list_modules", 461u}, Entry{"mseal", 462u},
    Entry{"setxattrat", 463u},     Entry{"getxattrat", 464u},        Entry{"listxattrat", 465u},
    Entry{"removexattrat", 466u},  Entry{"open_tree_attr", 467u},    Entry{"file_getattr", 468u},
    Entry{"file_setattr", 469u},
};
/// The kernel's own trampolines on x86-64: not called by programs, but by code the kernel puts into them.
constexpr std::array newer_x86_64_calls{Entry{"uretprobe", 335u}, Entry{"uprobe", 336u}};

/// The direct numbers on 32-bit x86; libseccomp answers with pseudo numbers for these names.
constexpr std::array direct_x86_calls{
    Entry{"socket", 359u},      Entry{"socketpair", 360u},  Entry{"bind", 361u},     Entry{"connect", 362u},
    Entry{"listen", 363u},      Entry{"accept4", 364u},     Entry{"getsockopt", 365u}, Entry{"setsockopt", 366u},
    Entry{"getsockname", 367u}, Entry{"getpeername", 368u}, Entry{"sendto", 369u},   Entry{"sendmsg", 370u},
    Entry{"recvfrom", 371u},    Entry{"recvmsg", 372u},     Entry{"shutdown", 373u}, Entry{"semget", 393u},
    Entry{"semctl", 394u},      Entry{"shmget", 395u},      Entry{"shmctl", 396u},   Entry{"shmat", 397u},
    Entry{"shmdt", 398u},       Entry{"msgget", 399u},      Entry{"msgsnd", 400u},   Entry{"msgrcv", 401u},
    Entry{"msgctl", 402u},      Entry{"recvmmsg", 337u},    Entry{"sendmmsg", 345u},
};

template <class Table>
std::optional<std::uint32_t> find_entry(const Table& table, std::string_view name) {
    const auto found = std::ranges::find(table, name, &Entry::first);
    if (found == table.end()) return std::nullopt;
    return found->second;
}

/// libseccomp's pseudo numbers: -100 - n is socketcall's call n, -200 - n is ipc's (seccomp-syscalls.h, "__PNR_").
SyscallNumbers from_pseudo_number(std::uint32_t arch, int number) {
    SyscallNumbers found;
    const bool is_socketcall = number < -100 && number > -200;
    const bool is_ipc = number < -200 && number > -300;
    if (!is_socketcall && !is_ipc) return found;
    const int multiplexer = ::seccomp_syscall_resolve_name_arch(arch, is_ipc ? "ipc" : "socketcall");
    if (multiplexer < 0) return found;
    found.multiplexer = static_cast<std::uint32_t>(multiplexer);
    found.multiplexer_call = static_cast<std::uint32_t>(-number - (is_ipc ? 200 : 100));
    found.multiplexer_mask = is_ipc ? 0xffff : 0xffff'ffff; // ipc(2) has a version above its call number
    return found;
}

} // namespace

SyscallNumbers find_syscall(std::uint32_t arch, const std::string& name) {
    const int number = ::seccomp_syscall_resolve_name_arch(arch, name.c_str());
    if (number >= 0) return {.direct = static_cast<std::uint32_t>(number)};
    if (number != __NR_SCMP_ERROR) {
        SyscallNumbers found = from_pseudo_number(arch, number);
        if (arch == SCMP_ARCH_X86) found.direct = find_entry(direct_x86_calls, name);
        return found;
    }
    if (arch == SCMP_ARCH_X32) return {}; // its numbers differ; a container that may use it is not worth a table
    SyscallNumbers found{.direct = find_entry(newer_calls, name)};
    if (!found.direct && arch == SCMP_ARCH_X86_64) found.direct = find_entry(newer_x86_64_calls, name);
    return found;
}

std::uint32_t parse_seccomp_arch(const std::string& name) {
    constexpr std::string_view prefix = "SCMP_ARCH_";
    if (name == "SCMP_ARCH_NATIVE") return native_seccomp_arch();
    std::uint32_t token = 0;
    if (name.starts_with(prefix)) {
        std::string bare = name.substr(prefix.size());
        std::ranges::transform(bare, bare.begin(),
                               [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
        token = ::seccomp_arch_resolve_name(bare.c_str());
    }
    if (token == 0) throw Error("linux.seccomp.architectures: unknown architecture \"", name, "\"");
    return token;
}

std::uint32_t native_seccomp_arch() { return ::seccomp_arch_native(); }

} // namespace rootless
