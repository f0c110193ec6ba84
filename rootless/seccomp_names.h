// System call names to numbers: libseccomp's tables and what they are too old for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rootless {

/// Where a name leads on one architecture. 32-bit x86 reaches the socket and the System V calls in two ways: by a number
/// of their own (Linux 4.3), and through socketcall(2) or ipc(2), whose first argument says which.
struct SyscallNumbers {
    std::optional<std::uint32_t> direct;
    std::optional<std::uint32_t> multiplexer; ///< the number of socketcall or ipc
    std::uint32_t multiplexer_call = 0;       ///< the value of its first argument
    std::uint64_t multiplexer_mask = 0;       ///< the bits of it that count
};

/// `arch`: libseccomp's token. Both parts are empty where the architecture has no such call.
SyscallNumbers find_syscall(std::uint32_t arch, const std::string& name);

/// libseccomp's token of "SCMP_ARCH_X86_64" and the like; throws Error naming an unknown one.
std::uint32_t parse_seccomp_arch(const std::string& name);
std::uint32_t native_seccomp_arch();

} // namespace rootless
